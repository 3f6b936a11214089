import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { MongoMemoryServer } from 'mongodb-memory-server-core';
import { DataFolder } from './data-folder.ts';
import { mongoBinary } from './mongo-binary.ts';
import { privatePort } from './private-port.ts';
import { endWithUs } from './own-processes.ts';
import type { Component } from './server-process.ts';

/** On a busy machine the last thread of a process stops a moment after the first. */
const STOPPED_AFTER_MS = 250;

/** A private MongoDB that keeps its data over a restart. */
export class MongoServer implements Component {
  #server: MongoMemoryServer | undefined;
  #asked = false;
  readonly #ends = new EventEmitter<{ unasked: [how: string] }>();

  private constructor(
    readonly port: number,
    private readonly folder: DataFolder,
  ) {}

  /** @param dataDir a folder of its own; without it one is made, and removed by `close` */
  static async start(dataDir?: string): Promise<MongoServer> {
    const folder = await DataFolder.open('mongo', dataDir);
    const server = new MongoServer(await privatePort(), folder);
    try {
      await server.start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** Address of a database, which is made when something is stored in it. */
  url(database: string): string {
    return `mongodb://127.0.0.1:${this.port}/${database}`;
  }

  /** On the same port and data every time. */
  async start(): Promise<void> {
    const systemBinary = await mongoBinary();
    // What is downloaded is of the right version, and of anything else nobody asks for one.
    process.env['MONGOMS_SYSTEM_BINARY_VERSION_CHECK'] = 'false';
    const { MongoMemoryServer: Server } = await import('mongodb-memory-server-core');
    this.#server = await Server.create({
      binary: { systemBinary },
      instance: {
        ip: '127.0.0.1',
        port: this.port,
        portGeneration: false,
        dbPath: this.folder.path,
        storageEngine: 'wiredTiger',
        launchTimeout: 30_000,
      },
      // A Ctrl-C at the terminal is not for it: those who write to it stop first.
      spawn: { detached: true },
    });
    this.#asked = false;
    const mongod = this.#mongod();
    if (!mongod) return;
    endWithUs(mongod);
    mongod.once('exit', (code, signal) => {
      if (!this.#asked) this.#ends.emit('unasked', String(code ?? signal));
    });
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async freeze(): Promise<void> {
    this.#mongod()?.kill('SIGSTOP');
    await delay(STOPPED_AFTER_MS);
  }

  thaw(): void {
    this.#mongod()?.kill('SIGCONT');
  }

  onUnaskedEnd(tell: (how: string) => void): void {
    this.#ends.on('unasked', tell);
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#server?.stop({ doCleanup: false });
    await this.folder.close();
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const mongod = this.#mongod();
    if (mongod?.exitCode !== null || mongod.signalCode !== null) return;
    this.#asked = true;
    const exited = once(mongod, 'exit');
    mongod.kill(signal);
    mongod.kill('SIGCONT');
    await exited;
  }

  #mongod() {
    return this.#server?.instanceInfo?.instance.mongodProcess;
  }
}
