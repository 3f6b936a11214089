import { PARTITION_COUNT } from '@chat/contracts';

/**
 * The partitions of an instance among those that live. Whoever sees the same
 * instances comes to the same answer, in which every partition has one owner
 * and nobody owns more than one partition more than another.
 *
 * @param living ids in any order; whoever is not among them owns nothing
 */
export function partitionsOf(instanceId: string, living: Iterable<string>): number[] {
  const sorted = [...living].sort();
  const place = sorted.indexOf(instanceId);
  const all = Array.from({ length: PARTITION_COUNT }, (_, partition) => partition);
  return all.filter((partition) => partition % sorted.length === place);
}
