import type { Role } from '@chat/contracts';
import type { ChatError } from '../chat-error.ts';
import type { HistoryPage } from '../rest/rest-client.ts';
import type { AppliedChange } from '../timeline/timeline.ts';

/** Callbacks of the sync engine, called after it has changed the timeline. */
export interface RoomSyncListener {
  /** `live` may have changed. */
  changed: () => void;
  joined: (role: Role) => void;
  /** The timeline begins with this page; `replaced`: because too many changes were missed. */
  loaded: (page: HistoryPage, replaced: boolean) => void;
  /** These changes were applied, in the order of `rev`; each is reported once. */
  applied: (changes: readonly AppliedChange[]) => void;
  /** The server has rejected access to the room permanently. */
  rejected: (error: ChatError) => void;
}
