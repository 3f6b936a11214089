import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MongoMemoryServer } from 'mongodb-memory-server-core';
import { mongoBinary } from './mongo-binary.ts';
import { privatePort } from './private-port.ts';

/** A private MongoDB that keeps its data over a restart. */
export class MongoServer {
  #server: MongoMemoryServer | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
  ) {}

  static async start(): Promise<MongoServer> {
    const folder = await mkdtemp(join(tmpdir(), 'chat-mongo-'));
    const server = new MongoServer(await privatePort(), folder);
    try {
      await server.restart();
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

  /** Starts the server again after {@link kill}, on the same port and data; resolves when it is ready. */
  async restart(): Promise<void> {
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
        dbPath: this.folder,
        storageEngine: 'wiredTiger',
        launchTimeout: 30_000,
      },
    });
  }

  /** Ends it between any two instructions, as a power cut does. */
  async kill(): Promise<void> {
    const mongod = this.#mongod();
    if (mongod?.exitCode !== null || mongod.signalCode !== null) return;
    const exited = once(mongod, 'exit');
    mongod.kill('SIGKILL');
    await exited;
  }

  /** Stops it without closing anything: its connections stay open and nobody answers. */
  freeze(): void {
    this.#mongod()?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#mongod()?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#server?.stop({ doCleanup: false });
    await rm(this.folder, { recursive: true, force: true });
  }

  #mongod() {
    return this.#server?.instanceInfo?.instance.mongodProcess;
  }
}
