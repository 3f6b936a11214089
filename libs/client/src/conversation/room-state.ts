import type { Message, Role } from '@chat/contracts';
import type { ChatError } from '../chat-error.ts';
import type { OutboxChange, OutboxMessage } from '../outbox/outbox-entry.ts';

export interface RoomState {
  readonly roomId: string;
  /**
   * `closed`: before `open()` or after `close()`; `opening`: loading the first page; `open`: the
   * window is loaded; `removed`: the user may not, or may no longer, read the room; see `error`.
   */
  readonly status: 'closed' | 'opening' | 'open' | 'removed';
  /** Whether the window is up to date: false before the first page, offline and during catch-up. */
  readonly live: boolean;
  /** Contiguous by `seq`, oldest first. They already show the effect of `changes`. */
  readonly messages: readonly Message[];
  /** Own messages that are not in `messages` yet, in the order of sending. Show them below. */
  readonly pending: readonly OutboxMessage[];
  /** The user's unconfirmed edits, deletions and reactions, in the order of the requests. */
  readonly changes: readonly OutboxChange[];
  /** Whether there are older messages than the first of `messages`. */
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
  /** Rev of the last change that `messages` includes. */
  readonly rev: number;
  /** Number of resets of the window to the newest page, because too many changes were missed. */
  readonly resets: number;
  /** How long authors can edit a message, in milliseconds; Infinity without a known limit. */
  readonly editWindowMs: number;
  readonly role?: Role;
  readonly error?: ChatError;
}

export interface RoomEvents {
  /** A message that is new since the first page. Emitted once each, in the order of `rev`. */
  message: Message;
  /**
   * A known message after an edit, its deletion or a reaction. For a message that is new since the
   * first page or the last `reset`, `message` is emitted before.
   */
  changed: Message;
  /** The window was reset to the newest page; the changes in between were not emitted. */
  reset: { roomId: string };
  /** The user may not, or may no longer, read the room. */
  removed: { roomId: string; error: ChatError };
}
