import { MessageDelta, Rev, RoomId } from '@chat/contracts';
import { z } from 'zod';
import { StoredMessage } from './stored-message.ts';

/** One rev of a room as the edges receive it. */
export interface RoomChange {
  readonly roomId: string;
  readonly rev: number;
  /** The changed message after the change; absent for a command without effect. */
  readonly message?: StoredMessage;
  /** What changed in the message; absent for a new one, and for a command without effect. */
  readonly delta?: MessageDelta;
}

/** Schema of a {@link RoomChange} in the feed between processes. */
export const RoomChange = z.object({
  roomId: RoomId,
  rev: Rev,
  message: StoredMessage.optional(),
  delta: MessageDelta.optional(),
});
