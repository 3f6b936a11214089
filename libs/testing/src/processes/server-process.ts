import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { inheritedEnvironment } from './inherited-environment.ts';
import { killWithParent } from './child-processes.ts';

/** On a busy machine the last thread of a process stops slightly later than the first. */
const FREEZE_SETTLE_MS = 250;
/** Maximum number of output characters to retain; the oldest are dropped. */
const MAX_OUTPUT = 100_000;

export interface ServerCommand {
  /** Display name, for error messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /**
   * Resolves with true once the server accepts requests.
   *
   * @param output printed since the latest start
   */
  readonly isReady: (output: string) => Promise<boolean> | boolean;
  readonly startTimeoutMs: number;
  /** Receives a copy of the output. */
  readonly log?: NodeJS.WritableStream;
}

/**
 * A server that can be stopped, killed, frozen, and restarted with the same settings and data.
 */
export interface ControllableProcess {
  /** Resolves once the server accepts requests. */
  start(): Promise<void>;
  /** Shuts the server down gracefully (SIGTERM). */
  stop(): Promise<void>;
  /** Kills the process immediately, at any instruction (SIGKILL). */
  kill(): Promise<void>;
  /** Suspends the process (SIGSTOP): its connections stay open and get no response. */
  freeze(): Promise<void>;
  /** Resumes a frozen process. */
  thaw(): void;
  /**
   * Registers a listener for exits that neither `stop` nor `kill` requested.
   *
   * @param listener called with the exit code or the signal
   */
  onUnexpectedExit(listener: (status: string) => void): void;
}

/** A server in a child process, which is killed when this process exits. */
export class ServerProcess implements ControllableProcess {
  #child: ChildProcess | undefined;
  #output = '';
  /** Retained output since the latest start. */
  #startOutput = '';
  #exitRequested = false;
  readonly #events = new EventEmitter<{ unexpectedExit: [status: string] }>();
  readonly #server: ServerCommand;

  constructor(server: ServerCommand) {
    this.#server = server;
  }

  /** Retained output of all starts. */
  get output(): string {
    return this.#output;
  }

  /** Process id; undefined while the server is not running. */
  get pid(): number | undefined {
    return this.#child?.exitCode === null && this.#child.signalCode === null
      ? this.#child.pid
      : undefined;
  }

  /**
   * @throws Error when the process exits before it is ready, or is not ready in time and is killed
   */
  async start(): Promise<void> {
    const { name, command, args, env, cwd, isReady, startTimeoutMs } = this.#server;
    const child = spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...inheritedEnvironment(), ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    killWithParent(child);
    this.#child = child;
    this.#exitRequested = false;
    this.#startOutput = '';
    const onOutput = (chunk: Buffer): void => {
      this.#server.log?.write(chunk);
      this.#output = (this.#output + chunk.toString()).slice(-MAX_OUTPUT);
      this.#startOutput = (this.#startOutput + chunk.toString()).slice(-MAX_OUTPUT);
    };
    child.stdout.on('data', onOutput);
    child.stderr.on('data', onOutput);
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    failed.catch(() => undefined);
    child.once('error', (error: NodeJS.ErrnoException) => {
      fail(error.code === 'ENOENT' ? new Error(`${name} is not installed (${command}).`) : error);
    });
    child.once('exit', (code, signal) => {
      const status = String(code ?? signal);
      fail(new Error(`${name} exited with ${status}:\n${this.#startOutput}`));
      if (!this.#exitRequested) this.#events.emit('unexpectedExit', status);
    });
    const deadline = performance.now() + startTimeoutMs;
    // `failed` comes first: a synchronous result of `isReady` would always win the race.
    while (!(await Promise.race([failed, isReady(this.#startOutput)]))) {
      if (performance.now() > deadline) {
        await this.kill();
        throw new Error(`${name} was not ready in time:\n${this.#output}`);
      }
      await delay(50);
    }
  }

  stop(): Promise<void> {
    return this.#terminate('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#terminate('SIGKILL');
  }

  async freeze(): Promise<void> {
    this.#child?.kill('SIGSTOP');
    await delay(FREEZE_SETTLE_MS);
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  onUnexpectedExit(listener: (status: string) => void): void {
    this.#events.on('unexpectedExit', listener);
  }

  async #terminate(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    this.#exitRequested = true;
    const exited = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    await exited;
  }
}
