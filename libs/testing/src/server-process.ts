import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { inheritedEnvironment } from './inherited-environment.ts';
import { endWithUs } from './own-processes.ts';

/** On a busy machine the last thread of a process stops a moment after the first. */
const STOPPED_AFTER_MS = 250;
/** The last characters of what it prints. */
const KEPT_OUTPUT = 100_000;

export interface ServerCommand {
  /** As people know it, for messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /**
   * Resolves with true once the server answers.
   *
   * @param output what it has printed since it was started
   */
  readonly isReady: (output: string) => Promise<boolean> | boolean;
  readonly startTimeoutMs: number;
  /** Where what it prints goes, too. */
  readonly log?: NodeJS.WritableStream;
}

/** What can be stopped, killed and frozen, and started again as it was. */
export interface Component {
  /** Resolves once it answers. */
  start(): Promise<void>;
  /** Ends it in its own way. */
  stop(): Promise<void>;
  /** Ends it between any two instructions, as a power cut does. */
  kill(): Promise<void>;
  /** Stops it without closing anything: its connections stay open and nobody answers. */
  freeze(): Promise<void>;
  thaw(): void;
  /**
   * Whenever it ends and neither `stop` nor `kill` asked for it.
   *
   * @param tell takes the exit code or the signal
   */
  onUnaskedEnd(tell: (how: string) => void): void;
}

/** A server as a process of its own, which does not outlive this one. */
export class ServerProcess implements Component {
  #child: ChildProcess | undefined;
  #output = '';
  #sinceStart = '';
  #asked = false;
  readonly #ends = new EventEmitter<{ unasked: [how: string] }>();
  readonly #server: ServerCommand;

  constructor(server: ServerCommand) {
    this.#server = server;
  }

  /** What it has printed. */
  get output(): string {
    return this.#output;
  }

  /** Undefined when it does not run. */
  get pid(): number | undefined {
    return this.#child?.exitCode === null && this.#child.signalCode === null
      ? this.#child.pid
      : undefined;
  }

  /** @throws Error when it ends first, or does not answer in time and is ended */
  async start(): Promise<void> {
    const { name, command, args, env, cwd, isReady, startTimeoutMs } = this.#server;
    const child = spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...inheritedEnvironment(), ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    endWithUs(child);
    this.#child = child;
    this.#asked = false;
    this.#sinceStart = '';
    const hear = (chunk: Buffer): void => {
      this.#server.log?.write(chunk);
      this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
      this.#sinceStart = (this.#sinceStart + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    failed.catch(() => undefined);
    child.once('error', (error: NodeJS.ErrnoException) => {
      fail(error.code === 'ENOENT' ? new Error(`${name} is not installed (${command}).`) : error);
    });
    child.once('exit', (code, signal) => {
      const how = String(code ?? signal);
      fail(new Error(`${name} ended with ${how}:\n${this.#sinceStart}`));
      if (!this.#asked) this.#ends.emit('unasked', how);
    });
    const deadline = performance.now() + startTimeoutMs;
    // First of the two, because an answer that is there at once would always win.
    while (!(await Promise.race([failed, isReady(this.#sinceStart)]))) {
      if (performance.now() > deadline) {
        await this.kill();
        throw new Error(`${name} was not ready in time:\n${this.#output}`);
      }
      await delay(50);
    }
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async freeze(): Promise<void> {
    this.#child?.kill('SIGSTOP');
    await delay(STOPPED_AFTER_MS);
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  onUnaskedEnd(tell: (how: string) => void): void {
    this.#ends.on('unasked', tell);
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    this.#asked = true;
    const exited = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    await exited;
  }
}
