import { LRUCache } from 'lru-cache';

/**
 * Creates a cache of at most `maxEntries` entries that takes memory as it fills.
 *
 * `max` of lru-cache takes the memory of all entries at once: 80 ms of a start for all caches of a process.
 *
 * @param options `ttl` in milliseconds after which an entry is absent; without it, entries do not expire
 */
export function growingLruCache<Value extends object | string | number | boolean>(
  maxEntries: number,
  options: { readonly ttl?: number } = {},
): LRUCache<string, Value> {
  return new LRUCache({ ...options, maxSize: maxEntries, sizeCalculation: () => 1 });
}
