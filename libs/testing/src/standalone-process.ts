import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { privatePort } from './private-port.ts';

const MAIN = fileURLToPath(new URL('../../../apps/standalone/dist/main.js', import.meta.url));
const START_TIMEOUT_MS = 30_000;

export interface StandaloneOptions {
  /** Kept by the caller; one is made, and removed by `close`, without it. */
  readonly dataDir?: string;
  readonly port?: number;
  /** Beside PATH and HOME; nothing else is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the process is run under, for example `['strace', '-f']`. */
  readonly under?: readonly string[];
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
      MAIN,
      `--port=${this.port}`,
      `--data-dir=${this.dataDir}`,
    ];
    const child = spawn(command[0] ?? process.execPath, command.slice(1), {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        LOG_LEVEL: 'info',
        ...this.options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const ready = Promise.withResolvers<void>();
    const hear = (chunk: Buffer): void => {
      this.#output += chunk.toString();
      if (chunk.includes('The chat is ready at')) ready.resolve();
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
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  /** Ends the process at once and removes a data folder that was made for it. */
  async close(): Promise<void> {
    await this.end('SIGKILL');
    if (this.options.dataDir === undefined) {
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }
}
