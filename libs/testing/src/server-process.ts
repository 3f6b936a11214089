import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** On a busy machine the last thread of a process stops a moment after the first. */
const STOPPED_AFTER_MS = 250;

export interface ServerCommand {
  /** As people know it, for messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Resolves with true once the server answers. */
  readonly isReady: () => Promise<boolean>;
  readonly startTimeoutMs: number;
}

/** A server that tests start, kill, freeze and start again. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  #output = '';

  constructor(private readonly server: ServerCommand) {}

  /** What it has printed. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process; resolves once the server answers. */
  async start(): Promise<void> {
    const { name, command, args, env, cwd, isReady, startTimeoutMs } = this.server;
    const child = spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { PATH: process.env['PATH'], ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#child = child;
    const hear = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-100_000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`${name} ended with ${String(code)}:\n${this.#output}`);
    });
    failed.catch(() => undefined);
    const deadline = Date.now() + startTimeoutMs;
    while (!(await Promise.race([isReady(), failed]))) {
      if (Date.now() > deadline) throw new Error(`${name} was not ready in time:\n${this.#output}`);
      await delay(50);
    }
  }

  /** Ends it in its own way. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Ends it between any two instructions, as a power cut does. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Stops it without closing anything: its connections stay open and nobody answers. */
  async freeze(): Promise<void> {
    this.#child?.kill('SIGSTOP');
    await delay(STOPPED_AFTER_MS);
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    await exited;
  }
}
