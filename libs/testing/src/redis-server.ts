import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privatePort } from './private-port.ts';
import { ServerProcess } from './server-process.ts';

/** A private Redis that keeps nothing over a restart. */
export class RedisServer {
  private constructor(
    readonly port: number,
    readonly process: ServerProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<RedisServer> {
    const port = await privatePort();
    const folder = await mkdtemp(join(tmpdir(), 'chat-redis-'));
    const server = new ServerProcess({
      name: 'redis-server',
      command: 'redis-server',
      args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
      isReady: () => answersPing(port),
      startTimeoutMs: 10_000,
    });
    await server.start();
    return new RedisServer(port, server, folder);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    await this.process.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
