import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';

/** Longest wait between two attempts to connect. */
const MAX_RECONNECT_MS = 2_000;

/**
 * A connection that comes back by itself. While it is away commands fail at
 * once instead of waiting, and its state is logged once for every change.
 *
 * @param name what it is for, in the log
 */
export function connectRedis(url: string, name: string): Redis {
  const logger = new Logger('Redis');
  const redis = new Redis(url, {
    connectionName: name,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    keepAlive: 5_000,
    retryStrategy: (attempt) => Math.min(MAX_RECONNECT_MS, 50 * 2 ** Math.min(attempt, 10)),
  });
  let away = false;
  redis.on('ready', () => {
    logger.log(away ? `Redis is back (${name}).` : `Redis is connected (${name}).`);
    away = false;
  });
  redis.on('error', (error: Error) => {
    if (!away) logger.warn({ err: error }, `Redis is away (${name}); going on without it.`);
    away = true;
  });
  return redis;
}
