import { missingServers } from '../servers/missing-servers.ts';
import { emptyRedis } from '../servers/redis-server.ts';
import { BackingServers } from '../servers/backing-servers.ts';
import type { ServerPorts } from '../deployments/services-topology.ts';
import { SetupValue, valueForThisWorker } from './setup-value.ts';

const ports = new SetupValue<readonly ServerPorts[]>('CHAT_SHARED_SERVERS');
const missing = new SetupValue<string>('CHAT_SHARED_SERVERS_MISSING');

/** Virtual host of RabbitMQ for the shared topology; topologies of suites use others. */
export const SHARED_TOPOLOGY_HOST = 'shared-topology';

let started: readonly BackingServers[] | undefined;

export interface SharedServersOptions {
  /** Number of Jest workers; each gets a separate set of servers. */
  readonly workers: number;
  /** RabbitMQ virtual hosts for suites that must not share one with other suites. */
  readonly virtualHosts?: readonly string[];
}

/**
 * Starts the backing servers of a Jest run, one set per worker, because they take seconds to
 * start.
 *
 * For Jest's `globalSetup`. Topologies of two workers never share a broker or a Redis: they would
 * read each other's queues and signals. If a server is not installed, nothing starts and the
 * suites are skipped.
 */
export async function startSharedServers({
  workers,
  virtualHosts = [],
}: SharedServersOptions): Promise<void> {
  if (started) return;
  const reason = await missingServers();
  if (reason !== undefined) return missing.set(reason);
  const hosts = [SHARED_TOPOLOGY_HOST, ...virtualHosts];
  started = await Promise.all(
    Array.from({ length: workers }, () => BackingServers.start(undefined, hosts)),
  );
  ports.set(
    started.map(({ redis, rabbitmq, mongo }) => ({
      redis: { port: redis.port },
      rabbitmq: { port: rabbitmq.port },
      mongo: { port: mongo.port },
    })),
  );
}

/** Stops the shared servers; for Jest's `globalTeardown`. */
export async function stopSharedServers(): Promise<void> {
  await Promise.all((started ?? []).map((servers) => servers.close()));
  started = undefined;
}

/** Returns why the shared servers did not start; undefined if they are running. */
export function missingSharedServers(): string | undefined {
  return missing.value;
}

/** Returns the ports of the shared servers of every worker; empty if a server is missing. */
export function sharedServersOfWorkers(): readonly ServerPorts[] {
  return ports.value ?? [];
}

/**
 * Empties this worker's Redis, which resets rate limits of earlier suites, and returns the ports of
 * its servers.
 *
 * For suites that leave the servers running; each topology has separate databases.
 *
 * @param virtualHost one that the setup created; the default one if undefined
 */
export async function sharedServers(virtualHost?: string): Promise<ServerPorts> {
  const own = valueForThisWorker(ports);
  if (!own) throw new Error('this Jest project does not start the shared servers');
  await emptyRedis(own.redis.port);
  if (virtualHost === undefined) return own;
  return { ...own, rabbitmq: { ...own.rabbitmq, virtualHost } };
}
