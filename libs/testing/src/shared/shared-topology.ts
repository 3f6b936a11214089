import { emptyRedis, RedisServer } from '../servers/redis-server.ts';
import { ServicesTopology, type TopologyOptions } from '../deployments/services-topology.ts';
import type { ServiceInstance } from '../deployments/service-instance.ts';
import { SetupValue, valueForThisWorker } from './setup-value.ts';
import { SHARED_TOPOLOGY_HOST, sharedServersOfWorkers } from './shared-servers.ts';

/** An instance of a service that the suites cannot stop. */
export type SharedInstance = Pick<
  ServiceInstance,
  'name' | 'service' | 'url' | 'metricsUrl' | 'pid'
>;

/** A running topology that the suites of one worker share. */
export interface SharedTopology {
  readonly gatewayUrl: string;
  readonly instances: readonly SharedInstance[];
}

type HandedOverTopology = SharedTopology & { readonly redisPort: number };

const topologies = new SetupValue<readonly HandedOverTopology[]>('CHAT_SHARED_TOPOLOGIES');

interface Started {
  readonly redis: RedisServer;
  readonly topology: ServicesTopology;
}

let started: readonly Started[] | undefined;

/**
 * Starts a topology for each worker of Jest, because its processes take seconds of CPU time to
 * start.
 *
 * For Jest's `globalSetup`, after `startSharedServers`. Suites may start topologies on the same
 * servers: this one has a separate Redis, RabbitMQ virtual host, and databases.
 */
export async function startSharedTopologies(
  options: Omit<TopologyOptions, 'servers'> = {},
): Promise<void> {
  if (started) return;
  started = await Promise.all(
    sharedServersOfWorkers().map(async ({ rabbitmq, mongo }) => {
      const redis = await RedisServer.start();
      const servers = {
        redis: { port: redis.port },
        rabbitmq: { port: rabbitmq.port, virtualHost: SHARED_TOPOLOGY_HOST },
        mongo,
      };
      const topology = await ServicesTopology.start({ ...options, servers });
      for (const { name, process } of topology.instances()) {
        process.onUnexpectedExit((status) => {
          console.error(`${name} of the shared topology exited with ${status}:\n${process.output}`);
        });
      }
      return { redis, topology };
    }),
  );
  topologies.set(
    started.map(({ redis, topology }) => ({
      redisPort: redis.port,
      gatewayUrl: topology.gatewayUrl,
      instances: topology.instances().map(({ name, service, url, metricsUrl, pid }) => ({
        name,
        service,
        url,
        metricsUrl,
        pid,
      })),
    })),
  );
}

/** Stops the shared topologies; for Jest's `globalTeardown`, before `stopSharedServers`. */
export async function stopSharedTopologies(): Promise<void> {
  await Promise.all(
    (started ?? []).map(async ({ redis, topology }) => {
      await topology.close();
      await redis.close();
    }),
  );
  started = undefined;
}

/**
 * Empties the Redis of this worker's topology, which resets rate limits and caches, and returns the
 * topology.
 *
 * For suites that need no settings other than those given to {@link startSharedTopologies} and stop
 * no process. Users and rooms of earlier suites still exist, so each suite must use unique names.
 */
export async function sharedTopology(): Promise<SharedTopology> {
  const own = valueForThisWorker(topologies);
  if (!own) throw new Error('this Jest project does not start a shared topology');
  await emptyRedis(own.redisPort);
  return own;
}
