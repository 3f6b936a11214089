import { BackingServers } from '@chat/testing';

/** Starts what services stand on, once for all suites; tells where, or why there is nothing. */
export default async function startServers() {
  if (globalThis.backingServers) return;
  try {
    globalThis.backingServers = await BackingServers.start();
    const { redis, rabbitmq, mongo } = globalThis.backingServers;
    process.env.CHAT_SERVERS = JSON.stringify({
      redis: { port: redis.port },
      rabbitmq: { port: rabbitmq.port },
      mongo: { port: mongo.port },
    });
  } catch (error) {
    const reasons = error instanceof AggregateError ? error.errors : [error];
    process.env.CHAT_SERVERS_MISSING = reasons.map(({ message }) => message).join(' ');
  }
}
