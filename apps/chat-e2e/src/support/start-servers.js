import { BackingServers, missingServers } from '@chat/testing';

/** Starts what services stand on, once for all suites; tells where, or what is not installed. A failed start fails the run. */
export default async function startServers() {
  if (globalThis.backingServers) return;
  const missing = await missingServers();
  if (missing !== undefined) {
    process.env.CHAT_SERVERS_MISSING = missing;
    return;
  }
  globalThis.backingServers = await BackingServers.start();
  const { redis, rabbitmq, mongo } = globalThis.backingServers;
  process.env.CHAT_SERVERS = JSON.stringify({
    redis: { port: redis.port },
    rabbitmq: { port: rabbitmq.port },
    mongo: { port: mongo.port },
  });
}
