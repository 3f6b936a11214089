import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DataDirectory } from './data-directory.ts';
import { reservePort } from '../network/reserve-port.ts';
import { programPath } from '../processes/programs.ts';
import { ServerProcess } from '../processes/server-process.ts';

/**
 * Users and policies, the same as in the containers; the relative path is valid from `src` and
 * `dist`.
 */
const DEFINITIONS = fileURLToPath(
  new URL('../../../../docker/rabbitmq/definitions.json', import.meta.url),
);
/** Makes idle schedulers sleep instead of spinning, because tests share few cores. */
const NO_BUSY_WAIT = '+sbwt none +sbwtdcpu none +sbwtdio none';

/** Private RabbitMQ server whose data survives a restart, with a dedicated name service (epmd). */
export class RabbitMqServer {
  readonly port: number;
  readonly process: ServerProcess;
  /** Environment of the broker and of `rabbitmqctl`. */
  readonly env: Readonly<Record<string, string>>;
  readonly #nameService: ServerProcess;
  readonly #dataDirectory: DataDirectory;

  private constructor(
    port: number,
    process: ServerProcess,
    nameService: ServerProcess,
    dataDirectory: DataDirectory,
    env: Readonly<Record<string, string>>,
  ) {
    this.port = port;
    this.process = process;
    this.#nameService = nameService;
    this.#dataDirectory = dataDirectory;
    this.env = env;
  }

  /**
   * @param dataDir a dedicated directory; if undefined, a temporary one is created, and removed by
   * `close`
   * @param virtualHosts virtual hosts in addition to the default one, with the same policies
   */
  static async start(
    dataDir?: string,
    virtualHosts: readonly string[] = [],
  ): Promise<RabbitMqServer> {
    const data = await DataDirectory.open('rabbitmq', dataDir);
    const directory = data.path;
    const [port, distributionPort, nameServicePort] = [
      await reservePort(),
      await reservePort(),
      await reservePort(),
    ];
    const nameService = new ServerProcess({
      name: 'epmd',
      command: 'epmd',
      args: ['-port', String(nameServicePort), '-address', '127.0.0.1'],
      isReady: () => responds(nameServicePort),
      startTimeoutMs: 5_000,
    });
    await nameService.start();
    await mkdir(join(directory, 'home'), { recursive: true });
    await writeFile(join(directory, 'enabled_plugins'), '[].\n');
    await writeFile(join(directory, 'definitions.json'), await definitions(virtualHosts));
    await writeFile(
      join(directory, 'rabbitmq.conf'),
      [
        `listeners.tcp.1 = 127.0.0.1:${port}`,
        'log.console = false',
        `load_definitions = ${join(directory, 'definitions.json')}`,
        'vm_memory_high_watermark.absolute = 1GB',
        'disk_free_limit.absolute = 50MB',
        '',
      ].join('\n'),
    );
    const env = {
      HOME: join(directory, 'home'),
      // Makes the script replace itself with the broker, so that signals reach the broker.
      RUNNING_UNDER_SYSTEMD: 'true',
      // The same at every start: the data belongs to the node name.
      RABBITMQ_NODENAME: 'chat@localhost',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_MNESIA_BASE: join(directory, 'mnesia'),
      RABBITMQ_LOG_BASE: join(directory, 'log'),
      RABBITMQ_PID_FILE: join(directory, 'pid'),
      RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: NO_BUSY_WAIT,
      ERL_EPMD_PORT: String(nameServicePort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
    };
    const process = new ServerProcess({
      name: 'rabbitmq-server',
      command: programPath('rabbitmq-server'),
      args: [],
      cwd: directory,
      env,
      isReady: () => responds(port, 'AMQP\0\0\x09\x01'),
      startTimeoutMs: 60_000,
    });
    const server = new RabbitMqServer(port, process, nameService, data, env);
    try {
      await process.start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  /** Runs `rabbitmqctl` with these arguments; resolves with its output. */
  control(...args: string[]): Promise<string> {
    return rabbitmqctl(this.env, ...args);
  }

  /**
   * Flushes the broker's internal tables to disk. In RabbitMQ 3.10, a kill right after the
   * declarations left a quorum queue that had no consumer and confirmed nothing; every channel that
   * published to it was blocked.
   */
  async sync(): Promise<void> {
    await this.control('eval', '[ok = dets:sync(Table) || Table <- dets:all()].');
  }

  async close(): Promise<void> {
    await this.process.kill();
    await this.#nameService.kill();
    await this.#dataDirectory.close();
  }
}

/**
 * Runs `rabbitmqctl`; resolves with its output.
 *
 * @param env the broker's {@link RabbitMqServer.env}
 */
export async function rabbitmqctl(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<string> {
  const { stdout } = await promisify(execFile)(
    join(dirname(programPath('rabbitmq-server')), 'rabbitmqctl'),
    ['--quiet', ...args],
    { cwd: env['HOME'], env: { PATH: process.env['PATH'], ...env } },
  );
  return stdout;
}

interface Definitions {
  vhosts: { name: string }[];
  permissions: { vhost: string }[];
  policies: { vhost: string }[];
}

/**
 * Returns the definitions of the containers, with the default host's rules for every virtual host.
 */
async function definitions(virtualHosts: readonly string[]): Promise<string> {
  const base = JSON.parse(await readFile(DEFINITIONS, 'utf8')) as Definitions;
  const forEveryHost = <Rule extends { vhost: string }>(rules: Rule[]): Rule[] =>
    rules.flatMap((rule) => [rule, ...virtualHosts.map((vhost) => ({ ...rule, vhost }))]);
  return JSON.stringify({
    ...base,
    vhosts: [...base.vhosts, ...virtualHosts.map((name) => ({ name }))],
    permissions: forEveryHost(base.permissions),
    policies: forEveryHost(base.policies),
  });
}

/** Returns whether a process listens on the port, and replies to the greeting if there is one. */
function responds(port: number, greeting?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      if (greeting === undefined) {
        resolve(true);
        socket.destroy();
      } else {
        socket.write(greeting);
      }
    });
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
