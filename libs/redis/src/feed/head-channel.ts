import { PublishedHead } from '@chat/messages';
import { PARTITION_COUNT, partitionOf } from '@chat/messages/commands';
import { z } from 'zod';

const PREFIX = 'chat:heads:';

const Batch = z.array(PublishedHead);

/** The Redis channels for heads of rooms, one per partition. */
export const HEAD_CHANNELS: readonly string[] = Array.from(
  { length: PARTITION_COUNT },
  (_, partition) => `${PREFIX}${partition}`,
);

export function isHeadChannel(channel: string): boolean {
  return channel.startsWith(PREFIX);
}

/** Returns the Redis channel for the head of a room. */
export function headChannelOf(roomId: string): string {
  return `${PREFIX}${partitionOf(roomId)}`;
}

/** Decodes a batch of heads; returns undefined unless it contains only valid heads. */
export function decodeHeads(text: string): PublishedHead[] | undefined {
  try {
    return Batch.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
