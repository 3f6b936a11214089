import { RoomChange, StoredMessage } from '@chat/messages';
import { z } from 'zod';

const PREFIX = 'chat:feed:';

/** Fields that a later version adds are kept, so that the sockets receive them. */
const AnyMessage = StoredMessage.loose();

/**
 * A new message is sent as it is, which `chat` of an earlier version understands; it ignores a batch
 * with other changes and reads them from the store.
 */
const Batch = z.array(
  z.union([
    AnyMessage.transform((message) => ({ roomId: message.roomId, rev: message.rev, message })),
    // A change has no id: an invalid message is not taken for a change of nothing.
    RoomChange.extend({ id: z.never().optional(), message: AnyMessage.optional() }),
  ]),
);

/** Returns the Redis channel for the changes of a room. */
export function feedChannelOf(roomId: string): string {
  return PREFIX + roomId;
}

export function isFeedChannel(channel: string): boolean {
  return channel.startsWith(PREFIX);
}

export function roomOfFeedChannel(channel: string): string {
  return channel.slice(PREFIX.length);
}

export function encodeChanges(changes: readonly RoomChange[]): string {
  return JSON.stringify(
    changes.map((change) => (change.message && !change.delta ? change.message : change)),
  );
}

/** Decodes a batch; returns undefined unless it contains only valid changes of this room. */
export function decodeChanges(roomId: string, text: string): RoomChange[] | undefined {
  try {
    const { success, data } = Batch.safeParse(JSON.parse(text));
    return success && data.every((change) => change.roomId === roomId) ? data : undefined;
  } catch {
    return undefined;
  }
}
