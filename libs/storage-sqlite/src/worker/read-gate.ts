const OPEN = 0;
const CLOSED = 1;
/** A read waits no longer than this: the thread that closed the gate may have crashed. */
const MAX_WAIT_MS = 1_000;

/** Lets the writing thread pause reads: a checkpoint of the whole log cannot complete during one. */
export class ReadGate {
  /** Memory that the threads share. */
  static createMemory(): SharedArrayBuffer {
    return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  }

  readonly #state: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#state = new Int32Array(memory);
  }

  close(): void {
    Atomics.store(this.#state, 0, CLOSED);
  }

  open(): void {
    Atomics.store(this.#state, 0, OPEN);
    Atomics.notify(this.#state, 0);
  }

  /** Blocks the thread while the gate is closed. */
  pass(): void {
    Atomics.wait(this.#state, 0, CLOSED, MAX_WAIT_MS);
  }
}
