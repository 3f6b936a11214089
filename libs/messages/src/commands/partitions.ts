/** Number of partitions; part of the broker's topology, so that a change requires a migration. */
export const PARTITION_COUNT = 16;

/** Returns the partition of a room: FNV-1a (32 bits) over the UTF-16 code units of its id. */
export function partitionOf(roomId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < roomId.length; index += 1) {
    hash = Math.imul(hash ^ roomId.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash % PARTITION_COUNT;
}
