import { once } from 'node:events';
import { connect } from 'node:net';
import { missingServers } from '../missing-servers.ts';
import { BackingServers } from './backing-servers.ts';
import type { ServerPorts } from './services-topology.ts';

/** How the process that runs Jest tells the suites; their modules are their own, its environment is not. */
const PORTS = 'CHAT_SERVERS';
const MISSING = 'CHAT_SERVERS_MISSING';

let started: BackingServers | undefined;

/**
 * Starts the backing servers once for all suites of a Jest run, because they take seconds to start.
 *
 * For Jest's `globalSetup`. Where a server is missing, nothing starts and the suites are skipped.
 */
export async function startSharedServers(): Promise<void> {
  if (started) return;
  const missing = await missingServers();
  if (missing !== undefined) {
    process.env[MISSING] = missing;
    return;
  }
  started = await BackingServers.start();
  const { redis, rabbitmq, mongo } = started;
  const ports: ServerPorts = {
    redis: { port: redis.port },
    rabbitmq: { port: rabbitmq.port },
    mongo: { port: mongo.port },
  };
  process.env[PORTS] = JSON.stringify(ports);
}

/** For Jest's `globalTeardown`. */
export async function stopSharedServers(): Promise<void> {
  await started?.close();
  started = undefined;
}

/** Why the shared servers did not start; undefined if they run. */
export function missingSharedServers(): string | undefined {
  return process.env[MISSING];
}

/**
 * Ports of the shared servers, with an empty Redis: rate limits of earlier suites are gone.
 *
 * For suites that leave the servers running; each topology has databases of its own.
 */
export async function sharedServers(): Promise<ServerPorts> {
  const text = process.env[PORTS];
  if (text === undefined) throw new Error('this Jest project does not start the shared servers');
  const ports = JSON.parse(text) as ServerPorts;
  const socket = connect(ports.redis.port, '127.0.0.1');
  socket.write('FLUSHALL\r\n');
  await once(socket, 'data');
  socket.destroy();
  return ports;
}
