import type { Role, Room } from '@chat/contracts';

/** Something that sockets must hear of at once, wherever they are connected. */
export type Signal =
  | { readonly type: 'session-ended'; readonly sessionId: string }
  | { readonly type: 'room-updated'; readonly room: Room }
  | {
      readonly type: 'member-changed';
      readonly room: Room;
      readonly userId: string;
      /** null: no longer a member. */
      readonly role: Role | null;
    };

/**
 * Signals between features and between processes. A hint that may be lost:
 * whoever depends on it also looks the truth up from time to time.
 */
export abstract class Signals {
  /** Never throws. */
  abstract publish(signal: Signal): void;
  /** Every process that listens hears every signal. */
  abstract subscribe(listener: (signal: Signal) => void): () => void;
}
