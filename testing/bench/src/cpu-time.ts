import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU time in hundredths of a second, on every architecture that Node supports. */
const MS_PER_TICK = 10;

/**
 * Returns the CPU time of a process and its descendants, with all their threads, in milliseconds.
 * The time of a process that has exited is included in that of its parent.
 */
export async function cpuTimeMs(pid: number): Promise<number> {
  const children = new Map<number, number[]>();
  const ticks = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue;
    // The command, in parentheses, may contain any character; numbers follow it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3]);
    children.set(field(4), [...(children.get(field(4)) ?? []), Number(name)]);
    // utime, stime, and those of children that have exited.
    ticks.set(Number(name), field(14) + field(15) + field(16) + field(17));
  }
  if (!ticks.has(pid)) throw new Error(`process ${pid} is not running`);
  const total = (root: number): number =>
    (children.get(root) ?? []).reduce((sum, child) => sum + total(child), ticks.get(root) ?? 0);
  return total(pid) * MS_PER_TICK;
}
