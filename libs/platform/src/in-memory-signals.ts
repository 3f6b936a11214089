import { Logger } from '@nestjs/common';
import { Signals, type Signal } from './signals.ts';

/** Signals within one process. A listener that throws is logged; the others still hear. */
export class InMemorySignals extends Signals {
  private readonly logger = new Logger(InMemorySignals.name);
  private readonly listeners = new Set<(signal: Signal) => void>();

  publish(signal: Signal): void {
    for (const listener of this.listeners) {
      try {
        listener(signal);
      } catch (error) {
        this.logger.error({ err: error, signal: signal.type }, 'A listener of a signal failed');
      }
    }
  }

  subscribe(listener: (signal: Signal) => void): () => void {
    // A wrapper of its own, so that the same function may listen twice.
    const entry = (signal: Signal): void => listener(signal);
    this.listeners.add(entry);
    return () => this.listeners.delete(entry);
  }
}
