import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServerProcess } from '@chat/testing';
import type { ProcessLog } from './check/observation.ts';

const EVERY_MS = 500;

const run = promisify(execFile);

interface Watched {
  readonly name: string;
  readonly process: ServerProcess;
  peakRssBytes: number;
  endedByItself: number | undefined;
}

/** Looks twice a second how much memory processes take, and whether they are still there. */
export class ProcessWatch {
  readonly #watched: readonly Watched[];
  readonly #expectedToEnd = new Set<ServerProcess>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(processes: readonly { readonly name: string; readonly process: ServerProcess }[]) {
    this.#watched = processes.map(({ name, process }) => ({
      name,
      process,
      peakRssBytes: 0,
      endedByItself: undefined,
    }));
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
  }

  /** From now on this one may be gone: we end it. */
  expectEnd(process: ServerProcess): void {
    this.#expectedToEnd.add(process);
  }

  /** It is back. */
  expectLife(process: ServerProcess): void {
    this.#expectedToEnd.delete(process);
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
      const { pid } = one.process;
      if (pid !== undefined) alive.set(pid, one);
      else if (!this.#expectedToEnd.has(one.process)) one.endedByItself ??= Date.now();
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
