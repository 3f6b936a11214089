import { Messages, type Message } from '@chat/contracts';

const PREFIX = 'chat:feed:';

/** Returns the Redis channel for the stored messages of a room. */
export function feedChannelOf(roomId: string): string {
  return PREFIX + roomId;
}

export function roomOfFeedChannel(channel: string): string {
  return channel.slice(PREFIX.length);
}

export function encodeChanges(changes: readonly Message[]): string {
  return JSON.stringify(changes);
}

/** Decodes a batch; returns undefined unless it contains only valid changes of this room. */
export function decodeChanges(roomId: string, text: string): Message[] | undefined {
  try {
    const { success, data } = Messages.safeParse(JSON.parse(text));
    return success && data.every((change) => change.roomId === roomId) ? data : undefined;
  } catch {
    return undefined;
  }
}
