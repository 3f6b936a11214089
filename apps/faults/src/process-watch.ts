import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ControllableProcess, ServerProcess } from '@chat/testing';
import type { ProcessLog } from './check/observation.ts';

const EVERY_MS = 500;

const run = promisify(execFile);

/** Something with a process of its own. */
export interface Watchable {
  readonly name: string;
  readonly control: ControllableProcess;
  /** Undefined when it does not run. */
  pid(): Promise<number | undefined>;
}

interface Watched extends Watchable {
  peakRssBytes: number;
  endedByItself: number | undefined;
}

/** Looks twice a second how much memory processes take, and whether they are still there. */
export class ProcessWatch {
  readonly #watched: readonly Watched[];
  readonly #expectedToEnd = new Set<ControllableProcess>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(watchables: readonly Watchable[]) {
    this.#watched = watchables.map((one) => ({
      ...one,
      peakRssBytes: 0,
      endedByItself: undefined,
    }));
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
  }

  /** From now on this one may be gone: we end it. */
  expectEnd(control: ControllableProcess): void {
    this.#expectedToEnd.add(control);
  }

  /** It is back. */
  expectLife(control: ControllableProcess): void {
    this.#expectedToEnd.delete(control);
  }

  /** Id of its process now; undefined when it does not run. */
  async pidOf(control: ControllableProcess): Promise<number | undefined> {
    return this.#watched.find((one) => one.control === control)?.pid();
  }

  /** Looks a last time and tells what it saw. */
  async end(): Promise<ProcessLog[]> {
    clearInterval(this.#timer);
    await this.#look();
    return this.#watched.map(({ name, peakRssBytes, endedByItself }) => ({
      name,
      peakRssBytes,
      endedByItself,
    }));
  }

  async #look(): Promise<void> {
    const alive = new Map<number, Watched>();
    for (const one of this.#watched) {
      const pid = await one.pid();
      if (pid !== undefined) alive.set(pid, one);
      else if (!this.#expectedToEnd.has(one.control)) one.endedByItself ??= Date.now();
    }
    if (alive.size === 0) return;
    // It fails when one of them ends meanwhile, and tells of the others all the same.
    const { stdout } = await run('ps', [
      '-o',
      'pid=,rss=',
      '-p',
      [...alive.keys()].join(','),
    ]).catch((error: unknown) => error as { stdout: string });
    for (const line of stdout.split('\n')) {
      const [pid = '', kibibytes = ''] = line.trim().split(/\s+/);
      const one = alive.get(Number(pid));
      if (one) one.peakRssBytes = Math.max(one.peakRssBytes, Number(kibibytes) * 1024);
    }
  }
}

export function watched(name: string, process: ServerProcess): Watchable {
  return { name, control: process, pid: () => Promise.resolve(process.pid) };
}

/** Of the server that was told on its command line to listen there, whoever started it. */
export async function pidOfServerAt(port: number): Promise<number | undefined> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,args=']);
  const line = stdout.split('\n').find((one) => new RegExp(`--port[ =]${port}\\b`).test(one));
  return line === undefined ? undefined : Number.parseInt(line, 10);
}
