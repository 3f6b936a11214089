import { Logger } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';

/** Longest delay between two connection attempts. */
const MAX_RECONNECT_DELAY_MS = 2_000;
const HEARTBEAT_MS = 1_000;
/** Response timeout, after which the connection is replaced. */
const RESPONSE_TIMEOUT_MS = 2_000;

/**
 * Opens a connection that reconnects automatically, even after the server stops responding. While
 * it is disconnected, commands fail immediately instead of waiting; each state change is logged
 * once. Subscriptions are lost with a connection: the subscriber must resubscribe on `ready`. The
 * caller closes the connection with `disconnect()`.
 *
 * @param name purpose, for logs and Redis' client list
 */
export function connectRedis(url: string, name: string): Redis {
  return supervise(new LenientRedis(url, optionsFor(name)), name);
}

/**
 * Like {@link connectRedis}, for Socket.IO's adapter, which leaves its subscriptions to the
 * connection: they wait until Redis is connected, and are restored after each reconnect.
 */
export function connectSubscribingRedis(url: string, name: string): Redis {
  const options: RedisOptions = {
    ...optionsFor(name),
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    autoResubscribe: true,
  };
  return supervise(new LenientRedis(url, options), name);
}

/**
 * Client whose failed commands never crash the process: Socket.IO's adapter ignores the promises of
 * its commands.
 */
class LenientRedis extends Redis {
  /** Whether its owner has called `disconnect()`. */
  ended = false;

  override disconnect(...call: Parameters<Redis['disconnect']>): void {
    const [reconnects = false] = call;
    if (!reconnects) this.ended = true;
    super.disconnect(...call);
  }

  override sendCommand(...call: Parameters<Redis['sendCommand']>): unknown {
    const [command] = call;
    command.promise.catch(() => undefined);
    return super.sendCommand(...call);
  }
}

function optionsFor(name: string): RedisOptions {
  return {
    connectionName: name,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    connectTimeout: RESPONSE_TIMEOUT_MS,
    keepAlive: 5_000,
    retryStrategy: (attempt) => Math.min(MAX_RECONNECT_DELAY_MS, 50 * 2 ** Math.min(attempt, 10)),
  };
}

function supervise(redis: LenientRedis, name: string): Redis {
  const logger = new Logger('Redis');
  const fields = { dependency: 'Redis', connection: name };
  let isUnavailable = false;
  redis.on('ready', () => {
    logger.log(fields, isUnavailable ? 'dependency available again' : 'dependency connected');
    isUnavailable = false;
  });
  const reportLoss = (reason: string): void => {
    if (isUnavailable || redis.ended) return;
    logger.warn({ ...fields, reason }, 'dependency unavailable');
    isUnavailable = true;
  };
  // Not the error itself: it may contain the command, and with it the password.
  redis.on('error', (error: NodeJS.ErrnoException) => reportLoss(error.code ?? error.message));
  redis.on('close', () => reportLoss('connection closed'));
  destroyWhenUnresponsive(redis);
  return redis;
}

/**
 * Destroys a connection that receives nothing for {@link RESPONSE_TIMEOUT_MS} while a response is
 * due. ioredis' `socketTimeout` cannot do this: it outlives its connection and closes the next one.
 */
function destroyWhenUnresponsive(redis: Redis): void {
  let responseTimer: NodeJS.Timeout | undefined;
  const expectResponse = (): void => {
    // Not by disconnect(true), which waits for the server to close its end.
    const destroy = (): unknown =>
      redis.stream.destroy(new Error(`no response within ${RESPONSE_TIMEOUT_MS} ms`));
    responseTimer = setTimeout(destroy, RESPONSE_TIMEOUT_MS).unref();
  };
  const onResponse = (): void => {
    clearTimeout(responseTimer);
    responseTimer = undefined;
  };
  redis.on('connect', () => {
    expectResponse();
    // Any data shows that the server is alive, even before the awaited response.
    redis.stream.on('data', () => responseTimer?.refresh());
  });
  redis.on('ready', onResponse);
  redis.on('close', onResponse);
  const heartbeat = setInterval(() => {
    if (redis.status !== 'ready' || responseTimer) return;
    expectResponse();
    redis.ping().then(onResponse, (error: unknown) => {
      // An error reply is also a response.
      if (error instanceof Error && error.name === 'ReplyError') onResponse();
    });
  }, HEARTBEAT_MS).unref();
  redis.on('end', () => clearInterval(heartbeat));
}
