/**
 * Reads that many may ask for at once. One runs at a time for each key; all who
 * ask meanwhile share the one after it, so nobody gets what was read before they
 * asked.
 */
export class SharedReads<T> {
  readonly #underway = new Map<string, { running: Promise<unknown>; next?: Promise<T> }>();

  read(key: string, read: () => Promise<T>): Promise<T> {
    const underway = this.#underway.get(key);
    if (!underway) return this.#start(key, read);
    underway.next ??= underway.running.then(() => this.#start(key, read));
    return underway.next;
  }

  #start(key: string, read: () => Promise<T>): Promise<T> {
    const reading = read();
    const running = Promise.allSettled([reading]);
    const underway: { running: Promise<unknown>; next?: Promise<T> } = { running };
    this.#underway.set(key, underway);
    void running.then(() => {
      if (!underway.next) this.#underway.delete(key);
    });
    return reading;
  }
}
