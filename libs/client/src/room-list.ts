import type { RoomSummary } from '@chat/contracts';
import type { ChatError } from './chat-error.ts';
import type { Observable } from './observable.ts';

export interface RoomListState {
  /** `loading` until the first answer; the rooms shown stay while it is refreshed. */
  readonly status: 'loading' | 'ready';
  /** Rooms the user is in, latest activity first. */
  readonly rooms: readonly RoomSummary[];
  /** Why the latest refresh failed; it is tried again by itself. */
  readonly error?: ChatError;
}

/** The rooms the user is in, kept up to date by events and refreshed after every reconnect. */
export interface RoomList extends Observable<RoomListState> {
  /** Fetches the list anew. Never rejects: failure shows in the snapshot. */
  refresh(): Promise<void>;
}
