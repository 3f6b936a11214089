import { Logger } from '@nestjs/common';
import { Signals, type Signal, type SignalDefinition, type SignalFields } from './signals.ts';

type Listener = (signal: Signal) => void;

/** Delivers signals within one process. Errors of listeners are logged; the others still run. */
export class InMemorySignals extends Signals {
  readonly #logger = new Logger(InMemorySignals.name);
  readonly #listeners = new Map<string, Set<Listener>>();
  /** The definitions of the signals that this process listens to, by type. */
  readonly #definitions = new Map<string, SignalDefinition>();

  publish<S extends Signal>({ type }: SignalDefinition<S>, fields: SignalFields<S>): void {
    this.deliver({ type, ...fields });
  }

  /** @throws Error when another signal has the same type */
  on<S extends Signal>(definition: SignalDefinition<S>, listener: (signal: S) => void): () => void {
    const { type } = definition;
    const known: SignalDefinition = this.#definitions.get(type) ?? definition;
    if (known !== definition) throw new Error(`Two signals have the type ${type}.`);
    this.#definitions.set(type, definition);
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // A separate wrapper, so that the same function can listen twice. The type names the shape.
    const entry: Listener = (signal) => listener(signal as S);
    listeners.add(entry);
    return () => listeners.delete(entry);
  }

  /** Returns the definition of a signal that this process listens to. */
  protected definitionOf(type: string): SignalDefinition | undefined {
    return this.#definitions.get(type);
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
