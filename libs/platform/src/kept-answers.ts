import type { LRUCache } from 'lru-cache';
import { growingLruCache } from './growing-lru-cache.ts';

export interface KeptAnswersOptions {
  readonly max: number;
  /** An answer older than this is asked for again, in milliseconds. */
  readonly freshMs: number;
}

/** Whoever has an answer, if an old one, waits no longer than this for a newer one, in milliseconds. */
const WAIT_MS = 250;
/** An old answer stands for so long before it is asked for again, in milliseconds. */
const RETRY_MS = 1_000;

interface Kept<T> {
  readonly value: T;
  readonly askedAt: number;
}

/**
 * Answers of somebody who may be away. They are kept, and asked for again when
 * they are old; while nobody can say, or only slowly, what is known stands.
 */
export class KeptAnswers<T extends object | boolean | string> {
  readonly #kept: LRUCache<string, Kept<T>>;
  readonly #asking = new Map<string, Promise<T>>();

  constructor(private readonly options: KeptAnswersOptions) {
    this.#kept = growingLruCache(options.max);
  }

  /**
   * The answer, asked for if need be; those who ask together share it.
   *
   * @throws what `ask` throws, when there never was an answer
   */
  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept && performance.now() - kept.askedAt < this.options.freshMs) return kept.value;
    const asked = this.#asking.get(key) ?? this.#ask(key, ask);
    if (!kept) return asked;
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, WAIT_MS, undefined);
    const answer = await Promise.race([asked.catch(() => undefined), late]);
    clearTimeout(timer);
    if (answer !== undefined) return answer;
    const { value } = this.#kept.get(key) ?? kept;
    this.#kept.set(key, { value, askedAt: performance.now() - this.options.freshMs + RETRY_MS });
    return value;
  }

  /**
   * Asks anew for all of the keys together, however fresh what is known of them.
   *
   * @param ask answers in the order of the keys
   * @throws what `ask` throws; what is known stands then
   */
  refresh(keys: readonly string[], ask: () => Promise<readonly T[]>): Promise<T[]> {
    const asked = ask();
    const answerTo = async (index: number): Promise<T> => {
      const answer = (await asked)[index];
      if (answer === undefined) throw new Error('An answer is missing.');
      return answer;
    };
    return Promise.all(keys.map((key, index) => this.#ask(key, () => answerTo(index))));
  }

  /** What is known without asking. */
  known(key: string): T | undefined {
    return this.#kept.get(key)?.value;
  }

  /** Keeps what somebody told: it is newer than any answer that is on its way. */
  tell(key: string, value: T): void {
    this.#asking.delete(key);
    this.#kept.set(key, { value, askedAt: performance.now() });
  }

  #ask(key: string, ask: () => Promise<T>): Promise<T> {
    const asked = ask().then(
      (value) => {
        // Something newer was told meanwhile.
        if (this.#asking.get(key) !== asked) return this.#kept.get(key)?.value ?? value;
        this.tell(key, value);
        return value;
      },
      (error: unknown) => {
        if (this.#asking.get(key) === asked) this.#asking.delete(key);
        throw error;
      },
    );
    this.#asking.set(key, asked);
    return asked;
  }
}
