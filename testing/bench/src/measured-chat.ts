import { readdir, readFile } from 'node:fs/promises';
import { BackingServers, ServicesTopology, StandaloneProcess } from '@chat/testing';

export const MODES = ['standalone', 'services'] as const;
export type Mode = (typeof MODES)[number];

/** An empty chat server that runs for one round. */
export interface MeasuredChat {
  readonly url: string;
  /** Process ids by component; all instances of a service are one entry. */
  readonly processes: ReadonlyMap<string, readonly number[]>;
  close(): Promise<void>;
}

/** High limits: the defaults would throttle the load. */
const SETTINGS = {
  SOCKET_CONNECT_RATE: '100000',
  SOCKET_MAX_UNAUTHENTICATED_PER_ADDRESS: '100000',
  SOCKET_MAX_UNAUTHENTICATED: '100000',
  SEND_RATE: '100000',
  SEND_BURST: '100000',
  REQUEST_RATE: '100000',
  REQUEST_BURST: '100000',
  SIGN_IN_RATE: '100000',
  SIGN_IN_BURST: '100000',
  LOG_LEVEL: 'warn',
};
const GATEWAY_SETTINGS = { GATEWAY_RATE: '100000', GATEWAY_BURST: '100000' };
const SERVICES = ['gateway', 'users', 'messages', 'chat'] as const;

export async function startStandalone(): Promise<MeasuredChat> {
  const server = await StandaloneProcess.start({ env: SETTINGS });
  return {
    url: server.url,
    processes: new Map([['standalone', [server.pid]]]),
    close: () => server.close(),
  };
}

export async function startServices(instances: {
  readonly chat: number;
  readonly messages: number;
}): Promise<MeasuredChat> {
  const servers = await BackingServers.start();
  // The topology closes the servers when a service does not start.
  const topology = await ServicesTopology.start({
    chat: instances.chat,
    messages: instances.messages,
    servers,
    closesServers: true,
    env: { all: SETTINGS, gateway: GATEWAY_SETTINGS },
  });
  const processes = new Map<string, number[]>();
  for (const service of SERVICES) {
    processes.set(
      service,
      topology.instances(service).map((instance) => pidOf(instance.name, instance.process.pid)),
    );
  }
  processes.set('redis', [pidOf('redis', servers.redis.process.pid)]);
  processes.set('rabbitmq', [pidOf('rabbitmq', servers.rabbitmq.process.pid)]);
  processes.set('mongod', [pidOf('mongod', await pidOfMongo(servers.mongo.port))]);
  return { url: topology.gatewayUrl, processes, close: () => topology.close() };
}

function pidOf(name: string, pid: number | undefined): number {
  if (pid === undefined) throw new Error(`${name} is not running`);
  return pid;
}

/** Finds mongod by its port: the package that starts it does not expose the process. */
async function pidOfMongo(port: number): Promise<number | undefined> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(`--port\0${port}\0`)) return Number(name);
  }
  return undefined;
}
