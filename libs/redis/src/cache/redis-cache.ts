import { createCache, KeyvAdapter, type Cache, type CacheManagerStore } from 'cache-manager';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import type { Redis } from 'ioredis';
import { Keyv } from 'keyv';

/**
 * Creates a cache-manager cache on an open connection. The only place that uses
 * cache-manager-ioredis-yet, with two precautions:
 *
 * - The store is wrapped in Keyv, which encodes the values. A raw store turns texts that begin with
 *   `_function_` into functions.
 * - The store is cast, because its types, unlike its code, are those of an older cache-manager.
 *
 * @param namespace prefix of every key
 */
export function createRedisCache(redis: Redis, namespace: string): Cache {
  const store = redisInsStore(redis) as unknown as CacheManagerStore;
  return createCache({ stores: [new Keyv({ store: new KeyvAdapter(store), namespace })] });
}
