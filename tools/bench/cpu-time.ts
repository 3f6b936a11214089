import { readdir, readFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second, on every architecture that Node runs on. */
const MS_PER_TICK = 10;

/**
 * CPU time that a process and those that it started have used so far, with all their threads,
 * in milliseconds. A process that has ended counts for the one that waited for it.
 */
export async function cpuTimeMs(pid: number): Promise<number> {
  const children = new Map<number, number[]>();
  const ticks = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue;
    // The command, in parentheses, may contain anything; what follows it are numbers.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3]);
    children.set(field(4), [...(children.get(field(4)) ?? []), Number(name)]);
    // utime, stime, and those of children that have ended.
    ticks.set(Number(name), field(14) + field(15) + field(16) + field(17));
  }
  if (!ticks.has(pid)) throw new Error(`there is no process ${pid}`);
  const total = (of: number): number =>
    (children.get(of) ?? []).reduce((sum, child) => sum + total(child), ticks.get(of) ?? 0);
  return total(pid) * MS_PER_TICK;
}
