import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { MongoMemoryServer } from 'mongodb-memory-server-core';
import { DataDirectory } from './data-directory.ts';
import { mongoBinary } from './mongo-binary.ts';
import { reservePort } from '../network/reserve-port.ts';
import { killWithParent } from '../processes/child-processes.ts';
import type { ControllableProcess } from '../processes/server-process.ts';

/** On a busy machine the last thread of a process stops slightly later than the first. */
const FREEZE_SETTLE_MS = 250;

/** Private MongoDB server whose data survives a restart. */
export class MongoServer implements ControllableProcess {
  #server: MongoMemoryServer | undefined;
  #exitRequested = false;
  readonly #events = new EventEmitter<{ unexpectedExit: [status: string] }>();

  private constructor(
    readonly port: number,
    private readonly dataDirectory: DataDirectory,
  ) {}

  /**
   * @param dataDir a dedicated directory; if undefined, a temporary one is created, and removed by
   * `close`
   */
  static async start(dataDir?: string): Promise<MongoServer> {
    const dataDirectory = await DataDirectory.open('mongo', dataDir);
    const server = new MongoServer(await reservePort(), dataDirectory);
    try {
      await server.start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** Returns the URL of a database, which is created by the first write. */
  url(database: string): string {
    return `mongodb://127.0.0.1:${this.port}/${database}`;
  }

  /** Starts the server with the same port and data every time. */
  async start(): Promise<void> {
    const systemBinary = await mongoBinary();
    // A downloaded binary has the right version; any version of another binary is accepted.
    process.env['MONGOMS_SYSTEM_BINARY_VERSION_CHECK'] = 'false';
    const { MongoMemoryServer: Server } = await import('mongodb-memory-server-core');
    this.#server = await Server.create({
      binary: { systemBinary },
      instance: {
        ip: '127.0.0.1',
        port: this.port,
        portGeneration: false,
        dbPath: this.dataDirectory.path,
        storageEngine: 'wiredTiger',
        launchTimeout: 30_000,
      },
      // Ctrl-C in the terminal must not stop it: its clients stop first.
      spawn: { detached: true },
    });
    this.#exitRequested = false;
    const mongod = this.#mongod();
    if (!mongod) return;
    killWithParent(mongod);
    mongod.once('exit', (code, signal) => {
      if (!this.#exitRequested) this.#events.emit('unexpectedExit', String(code ?? signal));
    });
  }

  stop(): Promise<void> {
    return this.#terminate('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#terminate('SIGKILL');
  }

  async freeze(): Promise<void> {
    this.#mongod()?.kill('SIGSTOP');
    await delay(FREEZE_SETTLE_MS);
  }

  thaw(): void {
    this.#mongod()?.kill('SIGCONT');
  }

  onUnexpectedExit(listener: (status: string) => void): void {
    this.#events.on('unexpectedExit', listener);
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#server?.stop({ doCleanup: false });
    await this.dataDirectory.close();
  }

  async #terminate(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const mongod = this.#mongod();
    if (mongod?.exitCode !== null || mongod.signalCode !== null) return;
    this.#exitRequested = true;
    const exited = once(mongod, 'exit');
    mongod.kill(signal);
    mongod.kill('SIGCONT');
    await exited;
  }

  #mongod() {
    return this.#server?.instanceInfo?.instance.mongodProcess;
  }
}
