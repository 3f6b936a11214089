import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ControllableProcess, ServerProcess } from '@chat/testing';
import type { ProcessLog } from './check/observation.ts';

const SAMPLE_INTERVAL_MS = 500;

const run = promisify(execFile);

/** A process to monitor. */
export interface Monitorable {
  readonly name: string;
  readonly control: ControllableProcess;
  /** Resolves with the process id; undefined while it is not running. */
  pid(): Promise<number | undefined>;
}

interface Monitored extends Monitorable {
  peakRssBytes: number;
  unexpectedExitAt: number | undefined;
}

/** Samples the memory of processes twice a second, and detects unexpected exits. */
export class ProcessMonitor {
  readonly #monitored: readonly Monitored[];
  readonly #expectedToExit = new Set<ControllableProcess>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(processes: readonly Monitorable[]) {
    this.#monitored = processes.map((process) => ({
      ...process,
      peakRssBytes: 0,
      unexpectedExitAt: undefined,
    }));
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_INTERVAL_MS);
  }

  /** Marks a process as stopped by the run. */
  expectExit(control: ControllableProcess): void {
    this.#expectedToExit.add(control);
  }

  /** Marks a process as running again. */
  expectRunning(control: ControllableProcess): void {
    this.#expectedToExit.delete(control);
  }

  /** Resolves with the current process id; undefined while it is not running. */
  async pidOf(control: ControllableProcess): Promise<number | undefined> {
    return this.#monitored.find((monitored) => monitored.control === control)?.pid();
  }

  /** Takes a last sample and returns the results. */
  async stop(): Promise<ProcessLog[]> {
    clearInterval(this.#timer);
    await this.#sample();
    return this.#monitored.map(({ name, peakRssBytes, unexpectedExitAt }) => ({
      name,
      peakRssBytes,
      unexpectedExitAt,
    }));
  }

  async #sample(): Promise<void> {
    const alive = new Map<number, Monitored>();
    for (const monitored of this.#monitored) {
      const pid = await monitored.pid();
      if (pid !== undefined) alive.set(pid, monitored);
      else if (!this.#expectedToExit.has(monitored.control))
        monitored.unexpectedExitAt ??= Date.now();
    }
    if (alive.size === 0) return;
    // `ps` fails when one of the processes has exited, but still prints the others.
    const { stdout } = await run('ps', [
      '-o',
      'pid=,rss=',
      '-p',
      [...alive.keys()].join(','),
    ]).catch((error: unknown) => error as { stdout: string });
    for (const line of stdout.split('\n')) {
      const [pid = '', kibibytes = ''] = line.trim().split(/\s+/);
      const monitored = alive.get(Number(pid));
      if (monitored)
        monitored.peakRssBytes = Math.max(monitored.peakRssBytes, Number(kibibytes) * 1024);
    }
  }
}

/** Returns the process of a server in the form that a monitor takes. */
export function monitorable(name: string, process: ServerProcess): Monitorable {
  return { name, control: process, pid: () => Promise.resolve(process.pid) };
}

/** Resolves with the process id of the server that has the port on its command line. */
export async function pidOfServerAt(port: number): Promise<number | undefined> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,args=']);
  const serverLine = stdout
    .split('\n')
    .find((line) => new RegExp(`--port[ =]${port}\\b`).test(line));
  return serverLine === undefined ? undefined : Number.parseInt(serverLine, 10);
}
