import type { LRUCache } from 'lru-cache';
import { growingLruCache } from './growing-lru-cache.ts';

export interface StaleWhileRevalidateCacheOptions {
  /** Maximum number of entries. */
  readonly max: number;
  /** Age at which a value becomes stale and is requested again, in milliseconds. */
  readonly freshMs: number;
}

/** Longest wait for a new value when a stale one is cached, in milliseconds. */
const WAIT_MS = 250;
/** Time for which a stale value is served before it is requested again, in milliseconds. */
const RETRY_MS = 1_000;

interface Entry<T> {
  readonly value: T;
  /** By `performance.now()`. */
  readonly loadedAt: number;
}

/**
 * Serves stale values while the source is unavailable.
 *
 * A value is cached and requested again when it is stale. While the source fails or is slow, the
 * cached value is returned.
 */
export class StaleWhileRevalidateCache<T extends object | boolean | string> {
  readonly #entries: LRUCache<string, Entry<T>>;
  readonly #pending = new Map<string, Promise<T>>();

  constructor(private readonly options: StaleWhileRevalidateCacheOptions) {
    this.#entries = growingLruCache(options.max);
  }

  /**
   * Returns the value of a key, and requests it from the source if it is missing or stale.
   * Concurrent calls for the same key share a request.
   *
   * @throws what `load` throws, when no value is cached
   */
  async get(key: string, load: () => Promise<T>): Promise<T> {
    const cached = this.#entries.get(key);
    if (cached && performance.now() - cached.loadedAt < this.options.freshMs) return cached.value;
    const loading = this.#pending.get(key) ?? this.#load(key, load);
    if (!cached) return loading;
    const { promise: timeout, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, WAIT_MS, undefined);
    const loaded = await Promise.race([loading.catch(() => undefined), timeout]);
    clearTimeout(timer);
    if (loaded !== undefined) return loaded;
    const { value } = this.#entries.get(key) ?? cached;
    this.#entries.set(key, {
      value,
      loadedAt: performance.now() - this.options.freshMs + RETRY_MS,
    });
    return value;
  }

  /**
   * Requests the values of all keys in one call, even if the cached values are fresh.
   *
   * @param load returns the values in the order of the keys
   * @throws what `load` throws; the cached values are retained
   */
  refresh(keys: readonly string[], load: () => Promise<readonly T[]>): Promise<T[]> {
    const loading = load();
    const valueOf = async (index: number): Promise<T> => {
      const value = (await loading)[index];
      if (value === undefined) throw new Error('A value is missing.');
      return value;
    };
    return Promise.all(keys.map((key, index) => this.#load(key, () => valueOf(index))));
  }

  /** Returns the cached value, fresh or stale, without requesting it. */
  peek(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Stores a value that is newer than the result of any pending request. */
  set(key: string, value: T): void {
    this.#pending.delete(key);
    this.#entries.set(key, { value, loadedAt: performance.now() });
  }

  #load(key: string, load: () => Promise<T>): Promise<T> {
    const loading = load().then(
      (value) => {
        // A newer value was stored in the meantime.
        if (this.#pending.get(key) !== loading) return this.#entries.get(key)?.value ?? value;
        this.set(key, value);
        return value;
      },
      (error: unknown) => {
        if (this.#pending.get(key) === loading) this.#pending.delete(key);
        throw error;
      },
    );
    this.#pending.set(key, loading);
    return loading;
  }
}
