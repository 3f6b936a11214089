import { once } from 'node:events';
import { connect } from 'node:net';
import { DataDirectory } from './data-directory.ts';
import { reservePort } from '../network/reserve-port.ts';
import { programPath } from '../processes/programs.ts';
import { ServerProcess } from '../processes/server-process.ts';

/** Private Redis server without persistence: a restart empties it. */
export class RedisServer {
  private constructor(
    readonly port: number,
    readonly process: ServerProcess,
    private readonly dataDirectory: DataDirectory,
  ) {}

  /**
   * @param dataDir a dedicated directory; if undefined, a temporary one is created, and removed by
   * `close`
   */
  static async start(dataDir?: string): Promise<RedisServer> {
    const port = await reservePort();
    const dataDirectory = await DataDirectory.open('redis', dataDir);
    const server = new ServerProcess({
      name: 'redis-server',
      command: programPath('redis-server'),
      args: [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--dir',
        dataDirectory.path,
      ],
      isReady: () => respondsToPing(port),
      startTimeoutMs: 10_000,
    });
    await server.start();
    return new RedisServer(port, server, dataDirectory);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    await this.process.kill();
    await this.dataDirectory.close();
  }
}

/**
 * Removes all keys from a Redis server on this machine, and with them the rate limits and caches
 * of the processes that use it.
 */
export async function emptyRedis(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write('FLUSHALL\r\n');
  await once(socket, 'data');
  socket.destroy();
}

function respondsToPing(port: number): Promise<boolean> {
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
