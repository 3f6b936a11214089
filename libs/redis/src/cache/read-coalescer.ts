/**
 * Coalesces concurrent reads. One read runs at a time for each key; all requests that arrive
 * meanwhile share the next one, so that none gets a result older than its request.
 */
export class ReadCoalescer<T> {
  readonly #active = new Map<string, { running: Promise<unknown>; next?: Promise<T> }>();

  read(key: string, read: () => Promise<T>): Promise<T> {
    const active = this.#active.get(key);
    if (!active) return this.#start(key, read);
    active.next ??= active.running.then(() => this.#start(key, read));
    return active.next;
  }

  #start(key: string, read: () => Promise<T>): Promise<T> {
    const reading = read();
    const running = Promise.allSettled([reading]);
    const active: { running: Promise<unknown>; next?: Promise<T> } = { running };
    this.#active.set(key, active);
    void running.then(() => {
      if (!active.next) this.#active.delete(key);
    });
    return reading;
  }
}
