import type { Message, Role } from '@chat/contracts';
import type { ChatError } from './chat-error.ts';
import type { Unsubscribe } from './emitter.ts';
import type { Observable } from './observable.ts';
import type { OutboxEntry } from './outbox.ts';

export interface RoomState {
  readonly roomId: string;
  /**
   * `closed` nobody called `open()`; `opening` the first page is on its way; `open`; `removed` the
   * user may not read the room (any more), `error` says why.
   */
  readonly status: 'closed' | 'opening' | 'open' | 'removed';
  /** False while something newer may exist: before the first page, offline, or catching up. */
  readonly live: boolean;
  /** Contiguous by `seq`, oldest first: never with a hole. */
  readonly messages: readonly Message[];
  /** Own messages that are not in `messages` yet, in the order they were sent. Show them below. */
  readonly pending: readonly OutboxEntry[];
  /** Whether there are messages before the first of `messages`. */
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
  /** The last change of the room that `messages` includes. */
  readonly rev: number;
  /** How often the window was replaced by the newest page because too much was missed. */
  readonly resets: number;
  readonly role?: Role;
  readonly error?: ChatError;
}

export interface RoomEvents {
  /** A change after the first page: a new message, or later a message with its new `rev`. Once per rev, in order. */
  message: Message;
  /** Too much was missed: `messages` is the newest page now, and what lies between was not emitted. */
  reset: { roomId: string };
  removed: { roomId: string; error: ChatError };
}

/** One room: a window of its messages that stays complete over disconnects. */
export interface RoomConversation extends Observable<RoomState> {
  readonly roomId: string;
  on<E extends keyof RoomEvents>(event: E, listener: (payload: RoomEvents[E]) => void): Unsubscribe;
  /**
   * Joins the room and loads its newest messages; from then on the window follows the room, over
   * reconnects too, until `close()`. Joining a public room makes the user a member. Resolves when
   * the first page is there, however long the server is away; calling it again is harmless.
   * @throws ChatError NOT_FOUND, FORBIDDEN, VALIDATION, or CLOSED when closed meanwhile
   */
  open(): Promise<void>;
  /** Stops following. The window is kept and brought up to date by the next `open()`. */
  close(): void;
  /** Loads one page before the first message, if there is one. @throws ChatError NETWORK … */
  loadOlder(): Promise<void>;
  /** Same as `outbox.send(roomId, text)`. */
  send(text: string): OutboxEntry;
}
