import { Logger } from '@nestjs/common';
import { Signals, type Signal, type SignalDefinition, type SignalFields } from './signals.ts';

type Listener = (signal: Signal) => void;

/** Delivers signals within one process. Errors of listeners are logged; the others still run. */
export class InMemorySignals extends Signals {
  readonly #logger = new Logger(InMemorySignals.name);
  readonly #listeners = new Map<string, Set<Listener>>();

  publish<S extends Signal>({ type }: SignalDefinition<S>, fields: SignalFields<S>): void {
    this.deliver({ type, ...fields });
  }

  on<S extends Signal>({ type }: SignalDefinition<S>, listener: (signal: S) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // A separate wrapper, so that the same function can listen twice. The type names the shape.
    const entry: Listener = (signal) => listener(signal as S);
    listeners.add(entry);
    return () => listeners.delete(entry);
  }

  /** Calls the listeners of this process. */
  protected deliver(signal: Signal): void {
    for (const listener of this.#listeners.get(signal.type) ?? []) {
      try {
        listener(signal);
      } catch (error) {
        this.#logger.error({ err: error, signal: signal.type }, 'signal listener failed');
      }
    }
  }
}
