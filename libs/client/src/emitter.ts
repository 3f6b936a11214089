/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void;

/** A typed event emitter: `Events` maps the name of an event to its payload. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();

  /** Calls `listener` on every later event of that name, until the returned function is called. */
  on<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): Unsubscribe {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    // A fresh function per subscription: subscribing the same listener twice calls it twice.
    const entry = (payload: Events[E]): void => listener(payload);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  /** Calls the listeners at once, in the order they subscribed. One that throws stops no other. */
  emit<E extends keyof Events>(event: E, payload: Events[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (payload: Events[E]) => void)(payload);
      } catch (error) {
        reportError(error);
      }
    }
  }

  /** Forgets every listener. */
  clear(): void {
    this.#listeners.clear();
  }
}

/** Surfaces a listener's own failure as an uncaught error, without breaking who emitted. */
function reportError(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
