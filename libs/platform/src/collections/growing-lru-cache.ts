import { LRUCache } from 'lru-cache';

/**
 * Creates an LRU cache of at most `maxEntries` entries that allocates memory as it fills.
 *
 * With `max`, lru-cache allocates memory for all entries up front, which takes 80 ms at start for
 * all caches of a process.
 *
 * @param options `ttl`: lifetime of an entry in milliseconds; if omitted, entries do not expire
 */
export function growingLruCache<Value extends object | string | number | boolean>(
  maxEntries: number,
  options: { readonly ttl?: number } = {},
): LRUCache<string, Value> {
  return new LRUCache({ ...options, maxSize: maxEntries, sizeCalculation: () => 1 });
}
