/** A transport of Socket.IO. */
export type Transport = 'websocket' | 'polling';

/** Port: storage of the transport to try first, so that a reload does not wait for the other one. */
export interface TransportStorage {
  /** Returns the transport that worked last, or undefined when none is known. */
  load(): Transport | undefined;
  save(transport: Transport): void;
}

/**
 * The order in which transports are tried. Some proxies accept a WebSocket and never answer, so a
 * transport that timed out is tried last, and the one that worked is tried first. Socket.IO upgrades
 * a connection that began with polling as soon as a WebSocket works.
 */
export class TransportOrder {
  #transports: readonly Transport[];
  /** Attempts in a row that timed out. */
  #timeouts = 0;

  constructor(
    transports: readonly Transport[],
    private readonly storage: TransportStorage | undefined,
  ) {
    this.#transports = transports;
    const stored = storage?.load();
    if (stored) this.#moveToFront(stored);
  }

  /** The transports in the order to try. */
  get current(): readonly Transport[] {
    return this.#transports;
  }

  /** Moves the transport that timed out to the end; returns whether another one has not timed out. */
  timedOut(): boolean {
    const [first, ...others] = this.#transports;
    if (first !== undefined) this.#transports = [...others, first];
    this.#timeouts += 1;
    return this.#timeouts % this.#transports.length > 0;
  }

  /** Moves the transport that works to the front, and stores it. */
  worked(transport: Transport): void {
    this.#timeouts = 0;
    this.#moveToFront(transport);
    if (this.storage?.load() !== transport) this.storage?.save(transport);
  }

  #moveToFront(transport: Transport): void {
    if (!this.#transports.includes(transport)) return;
    this.#transports = [transport, ...this.#transports.filter((other) => other !== transport)];
  }
}
