import { PARTITION_COUNT } from '@chat/messages/commands';

/**
 * Returns the partitions that are assigned to an instance. The result depends only on
 * the set of ids, so instances with the same view agree: every partition has one owner,
 * and the shares differ by at most one partition.
 *
 * @param instanceIds live instances in any order; an instance that is not listed owns nothing
 */
export function assignedPartitions(instanceId: string, instanceIds: Iterable<string>): number[] {
  const sorted = [...instanceIds].sort();
  const position = sorted.indexOf(instanceId);
  const all = Array.from({ length: PARTITION_COUNT }, (_, partition) => partition);
  return all.filter((partition) => partition % sorted.length === position);
}
