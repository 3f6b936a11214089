import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inheritedEnvironment } from './inherited-environment.ts';
import { endWithUs } from './own-processes.ts';
import { privatePort } from './private-port.ts';

const MAIN = fileURLToPath(new URL('../../../apps/standalone/bundle/main.js', import.meta.url));
const START_TIMEOUT_MS = 30_000;
const READY = 'The chat is ready at';
/** As `npm start` runs it. */
const NODE_OPTIONS = ['--max-semi-space-size=2'];

export interface StandaloneOptions {
  /** Kept by the caller; one is made, and removed by `close`, without it. */
  readonly dataDir?: string;
  readonly port?: number;
  /** Beside PATH and HOME; nothing else is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the process is run under, for example `['strace', '-f']`. */
  readonly under?: readonly string[];
}

function environment(given: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...inheritedEnvironment(), HOME: process.env['HOME'], ...given };
}

/** Runs the standalone server with just these options; resolves when it has ended. */
export function runStandalone(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...NODE_OPTIONS, MAIN, ...args],
      { cwd: options.cwd, env: environment(options.env), timeout: START_TIMEOUT_MS },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

/** The built standalone server, as a process of its own on a private port. */
export class StandaloneProcess {
  #output = '';
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly dataDir: string,
    private readonly options: StandaloneOptions,
  ) {}

  static async start(options: StandaloneOptions = {}): Promise<StandaloneProcess> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'chat-data-')));
    const server = new StandaloneProcess(options.port ?? (await privatePort()), dataDir, options);
    await server.restart();
    return server;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Everything that the process has printed. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the server is not running');
    return pid;
  }

  /** Starts the process again, on the same port and data; resolves when it is ready. */
  async restart(): Promise<void> {
    const command = [
      ...(this.options.under ?? []),
      process.execPath,
      ...NODE_OPTIONS,
      MAIN,
      `--port=${this.port}`,
      `--data-dir=${this.dataDir}`,
    ];
    const child = spawn(command[0] ?? process.execPath, command.slice(1), {
      env: environment(this.options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that signals reach the server and not only what it runs under.
      detached: true,
    });
    endWithUs(child);
    this.#child = child;
    const ready = Promise.withResolvers<void>();
    const earlier = this.#output.length;
    const hear = (chunk: Buffer): void => {
      this.#output += chunk.toString();
      if (this.#output.includes(READY, earlier)) ready.resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => {
      ready.reject(
        new Error(`the server ended with ${code} before it was ready:\n${this.#output}`),
      );
    });
    const timer = setTimeout(() => {
      ready.reject(new Error(`the server was not ready in time:\n${this.#output}`));
    }, START_TIMEOUT_MS);
    try {
      await ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the process by a signal; resolves with its exit code, null when the signal killed it. */
  async end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return null;
    const exited = once(child, 'exit');
    process.kill(-this.pid, signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  /** Whether it still runs, or anything that it started or was run under. */
  get running(): boolean {
    try {
      return process.kill(-this.pid, 0);
    } catch {
      return false;
    }
  }

  /** Ends the process at once, and what is left of its group, and removes a data folder that was made for it. */
  async close(): Promise<void> {
    await this.end('SIGKILL');
    if (this.running) process.kill(-this.pid, 'SIGKILL');
    if (this.options.dataDir === undefined) {
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }
}
