import { Logger } from '@nestjs/common';
import { Signals, type Signal } from './signals.ts';

/** Delivers signals within one process. A listener that throws is logged; the others still run. */
export class InMemorySignals extends Signals {
  readonly #logger = new Logger(InMemorySignals.name);
  readonly #listeners = new Set<(signal: Signal) => void>();

  publish(signal: Signal): void {
    for (const listener of this.#listeners) {
      try {
        listener(signal);
      } catch (error) {
        this.#logger.error({ err: error, signal: signal.type }, 'signal listener failed');
      }
    }
  }

  subscribe(listener: (signal: Signal) => void): () => void {
    // A separate wrapper, so that the same function can subscribe twice.
    const entry = (signal: Signal): void => listener(signal);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }
}
