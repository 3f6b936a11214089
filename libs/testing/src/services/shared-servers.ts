import { once } from 'node:events';
import { connect } from 'node:net';
import { missingServers } from '../missing-servers.ts';
import { BackingServers } from './backing-servers.ts';
import type { ServerPorts } from './services-topology.ts';

/**
 * Environment variables that pass the ports to the suites, which share no modules with the Jest
 * process.
 */
const PORTS = 'CHAT_SERVERS';
const MISSING = 'CHAT_SERVERS_MISSING';

let started: readonly BackingServers[] | undefined;

/**
 * Starts the backing servers of a Jest run, a set for each worker, because they take seconds to
 * start.
 *
 * For Jest's `globalSetup`. Topologies of two workers never share a broker or a Redis: they would
 * read each other's queues and signals. Where a server is not installed, nothing starts and the
 * suites are skipped.
 *
 * @param config Jest's global configuration
 */
export async function startSharedServers(config: { readonly maxWorkers: number }): Promise<void> {
  if (started) return;
  const missing = await missingServers();
  if (missing !== undefined) {
    process.env[MISSING] = missing;
    return;
  }
  started = await Promise.all(
    Array.from({ length: config.maxWorkers }, () => BackingServers.start()),
  );
  const ports = started.map(({ redis, rabbitmq, mongo }): ServerPorts => ({
    redis: { port: redis.port },
    rabbitmq: { port: rabbitmq.port },
    mongo: { port: mongo.port },
  }));
  process.env[PORTS] = JSON.stringify(ports);
}

/** Stops the shared servers; for Jest's `globalTeardown`. */
export async function stopSharedServers(): Promise<void> {
  await Promise.all((started ?? []).map((servers) => servers.close()));
  started = undefined;
}

/** Returns why the shared servers did not start; undefined if they run. */
export function missingSharedServers(): string | undefined {
  return process.env[MISSING];
}

/**
 * Empties this worker's Redis, which resets rate limits of earlier suites, and returns the ports of
 * its servers.
 *
 * For suites that leave the servers running; each topology has separate databases.
 */
export async function sharedServers(): Promise<ServerPorts> {
  const text = process.env[PORTS];
  if (text === undefined) throw new Error('this Jest project does not start the shared servers');
  const worker = Number(process.env['JEST_WORKER_ID']);
  const ports = (JSON.parse(text) as ServerPorts[])[worker - 1];
  if (!ports) throw new Error(`worker ${worker} of Jest has no servers`);
  const socket = connect(ports.redis.port, '127.0.0.1');
  socket.write('FLUSHALL\r\n');
  await once(socket, 'data');
  socket.destroy();
  return ports;
}
