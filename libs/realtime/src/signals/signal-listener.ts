import { Signals, type Signal, type SignalDefinition } from '@chat/platform/signals';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/**
 * Receives signals, the notifications about changes from other features and processes, until all
 * sockets are drained.
 */
@Injectable()
export class SignalListener implements OnApplicationShutdown {
  readonly #unsubscribe: (() => void)[] = [];

  constructor(private readonly signals: Signals) {}

  /** Registers the handler for a kind of signal; features call it when their module starts. */
  on<S extends Signal>(definition: SignalDefinition<S>, handler: (signal: S) => void): void {
    this.#unsubscribe.push(this.signals.on(definition, handler));
  }

  /**
   * Unsubscribes only after all sockets are drained: until then a removed member must be kept
   * from receiving messages in the room.
   */
  onApplicationShutdown(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }
}
