interface RunningCall<T> {
  readonly result: Promise<T>;
  /** Resolves, never rejects, when the call and its `afterwards` callback have settled. */
  readonly ended: Promise<void>;
  /** Result of the call that is queued to start after `ended`. */
  next?: Promise<T>;
}

/**
 * Coalesces concurrent calls for the same key.
 *
 * A cache that serves stale values needs more: there, a newer value or request supersedes the
 * running one ({@link StaleWhileRevalidateCache}).
 */
export class CallCoalescer<T> {
  readonly #running = new Map<string, RunningCall<T>>();

  /**
   * Returns the result of the call in flight, or of a new one if there is none. Suitable when
   * results may be older than the request.
   *
   * @param afterwards runs after a successful call; the result is shared until this has settled
   */
  joinInFlight(
    key: string,
    call: () => Promise<T>,
    afterwards?: (result: T) => Promise<void>,
  ): Promise<T> {
    return this.#running.get(key)?.result ?? this.#start(key, call, afterwards);
  }

  /**
   * Returns the result of a call that starts after the request, so that no result is older than it:
   * a new call or, while one is in flight, the next one, which all requests made before it starts
   * share. Runs one call per key at a time, except after {@link forget}.
   */
  queueNext(key: string, call: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (!running) return this.#start(key, call);
    running.next ??= running.ended.then(() => this.#start(key, call));
    return running.next;
  }

  /**
   * Makes later requests start a new call instead of sharing the running one. Call this when its
   * result may be outdated.
   */
  forget(key: string): void {
    this.#running.delete(key);
  }

  #start(
    key: string,
    call: () => Promise<T>,
    afterwards?: (result: T) => Promise<void>,
  ): Promise<T> {
    const result = call();
    const end = (): void => {
      if (!running.next && this.#running.get(key) === running) this.#running.delete(key);
    };
    const ended = result.then(
      (value) => (afterwards ? afterwards(value).then(end, end) : end()),
      end,
    );
    const running: RunningCall<T> = { result, ended };
    this.#running.set(key, running);
    return result;
  }
}
