/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void;

/** Typed event emitter: `Events` maps event names to payloads. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();

  /** Calls `listener` on every later `event`, until the returned function is called. */
  on<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): Unsubscribe {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    // A new function per subscription: a listener that is subscribed twice is called twice.
    const entry = (payload: Events[E]): void => listener(payload);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  /** Calls the listeners synchronously, in subscription order, even after one throws. */
  emit<E extends keyof Events>(event: E, payload: Events[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (payload: Events[E]) => void)(payload);
      } catch (error) {
        reportError(error);
      }
    }
  }

  /** Removes all listeners. */
  clear(): void {
    this.#listeners.clear();
  }
}

/** Reports a listener's error as an uncaught error, without breaking the emitting code. */
function reportError(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
