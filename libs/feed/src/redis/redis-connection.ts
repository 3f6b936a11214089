import { Logger } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';

/** Longest wait between two attempts to connect. */
const MAX_RECONNECT_MS = 2_000;
const HEARTBEAT_MS = 1_000;
/** A server that owes an answer for so long is given up: its connection is made anew. */
const SILENCE_MS = 2_000;

/**
 * A connection that comes back by itself, also from a server that keeps silent.
 * While it is away commands fail at once instead of waiting, and its state is
 * logged once for every change. Subscriptions are lost with a connection: whoever
 * made them makes them again on `ready`. Whoever opens it ends it with `disconnect()`.
 *
 * @param name what it is for, in the log and in Redis' list of clients
 */
export function connectRedis(url: string, name: string): Redis {
  return supervised(new LenientRedis(url, optionsFor(name)), name);
}

/**
 * As {@link connectRedis}, for Socket.IO's adapter, which leaves its subscriptions
 * to the connection: they wait until Redis is there, and are made again whenever
 * it is back.
 */
export function connectSubscribingRedis(url: string, name: string): Redis {
  const options: RedisOptions = {
    ...optionsFor(name),
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    autoResubscribe: true,
  };
  return supervised(new LenientRedis(url, options), name);
}

/** Socket.IO's adapter drops the promises of its commands: a failed one must not end the process. */
class LenientRedis extends Redis {
  /** Whether whoever opened it has ended it. */
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
    connectTimeout: SILENCE_MS,
    keepAlive: 5_000,
    retryStrategy: (attempt) => Math.min(MAX_RECONNECT_MS, 50 * 2 ** Math.min(attempt, 10)),
  };
}

function supervised(redis: LenientRedis, name: string): Redis {
  const logger = new Logger('Redis');
  let away = false;
  redis.on('ready', () => {
    logger.log(away ? `Redis is back (${name}).` : `Redis is connected (${name}).`);
    away = false;
  });
  const lost = (reason: string): void => {
    if (away || redis.ended) return;
    logger.warn(`Redis is away (${name}: ${reason}); going on without it.`);
    away = true;
  };
  // Not the error itself: it may carry the command, and with it the password.
  redis.on('error', (error: NodeJS.ErrnoException) => lost(error.code ?? error.message));
  redis.on('close', () => lost('the connection was closed'));
  giveUpWhenSilent(redis);
  return redis;
}

/**
 * Destroys a connection that owes an answer and brings nothing for {@link SILENCE_MS}.
 * Not by ioredis' `socketTimeout`, which outlives its connection and ends the next one.
 */
function giveUpWhenSilent(redis: Redis): void {
  let silence: NodeJS.Timeout | undefined;
  const expectAnswer = (): void => {
    // Not by disconnect(true), which waits for the server to close its end.
    const giveUp = (): unknown =>
      redis.stream.destroy(new Error(`no answer within ${SILENCE_MS} ms`));
    silence = setTimeout(giveUp, SILENCE_MS).unref();
  };
  const answered = (): void => {
    clearTimeout(silence);
    silence = undefined;
  };
  redis.on('connect', () => {
    expectAnswer();
    // Whatever comes shows that the server lives, also before the answer that is behind it.
    redis.stream.on('data', () => silence?.refresh());
  });
  redis.on('ready', answered);
  redis.on('close', answered);
  const heartbeat = setInterval(() => {
    if (redis.status !== 'ready' || silence) return;
    expectAnswer();
    redis.ping().then(answered, (error: unknown) => {
      // A refusal is an answer, too.
      if (error instanceof Error && error.name === 'ReplyError') answered();
    });
  }, HEARTBEAT_MS).unref();
  redis.on('end', () => clearInterval(heartbeat));
}
