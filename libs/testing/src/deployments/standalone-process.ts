import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inheritedEnvironment } from '../processes/inherited-environment.ts';
import { killWithParent } from '../processes/child-processes.ts';
import { reservePort } from '../network/reserve-port.ts';

const MAIN = fileURLToPath(new URL('../../../../apps/standalone/bundle/main.js', import.meta.url));
const START_TIMEOUT_MS = 30_000;
const READY = 'The chat server is ready at';
/** The Node options of `npm start`. */
const NODE_OPTIONS = ['--max-semi-space-size=2'];

export interface StandaloneOptions {
  /** Persistent data directory; if undefined, a temporary one is created and removed by `close`. */
  readonly dataDir?: string;
  readonly port?: number;
  /** Variables in addition to PATH and HOME; no others are inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** Command that runs the server process, for example `['strace', '-f']`. */
  readonly wrapper?: readonly string[];
}

function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...inheritedEnvironment(), HOME: process.env['HOME'], ...extra };
}

/** Runs the standalone server with only these options; resolves when the process has exited. */
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

/** The built standalone server, in a child process on a private port. */
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
    const server = new StandaloneProcess(options.port ?? (await reservePort()), dataDir, options);
    await server.restart();
    return server;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Output of the process since the first start. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the server is not running');
    return pid;
  }

  /** Restarts the process with the same port and data; resolves when it is ready. */
  async restart(): Promise<void> {
    const command = [
      ...(this.options.wrapper ?? []),
      process.execPath,
      ...NODE_OPTIONS,
      MAIN,
      `--port=${this.port}`,
      `--data-dir=${this.dataDir}`,
    ];
    const child = spawn(command[0] ?? process.execPath, command.slice(1), {
      env: environment(this.options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A separate process group, so that signals also reach the server behind its wrapper.
      detached: true,
    });
    killWithParent(child);
    this.#child = child;
    const ready = Promise.withResolvers<void>();
    const earlier = this.#output.length;
    const onOutput = (chunk: Buffer): void => {
      this.#output += chunk.toString();
      if (this.#output.includes(READY, earlier)) ready.resolve();
    };
    child.stdout.on('data', onOutput);
    child.stderr.on('data', onOutput);
    child.once('exit', (code) => {
      ready.reject(
        new Error(`the server exited with ${code} before it was ready:\n${this.#output}`),
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

  /**
   * Terminates the process with a signal; resolves with its exit code, or null if the signal killed
   * it.
   */
  async terminate(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return null;
    const exited = once(child, 'exit');
    process.kill(-this.pid, signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  /** Whether any process of the group is still running: the server, its children or its wrapper. */
  get running(): boolean {
    try {
      return process.kill(-this.pid, 0);
    } catch {
      return false;
    }
  }

  /** Kills the process and the rest of its group, and removes a temporary data directory. */
  async close(): Promise<void> {
    await this.terminate('SIGKILL');
    if (this.running) process.kill(-this.pid, 'SIGKILL');
    if (this.options.dataDir === undefined) {
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }
}
