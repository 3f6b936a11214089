import { connect, type Socket } from 'node:net';

/** Within this time the next request of a session that has just begun is there. */
const SESSION_FOLLOWS_WITHIN_MS = 1_000;

/** An instance could not be connected to: nothing was sent to it. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/**
 * `in`: it answers. `out`: it does not answer, or is stopping, so nothing new
 * goes to it. `lost`: it has been silent for so long that what is open to it is closed.
 */
export type InstanceState = 'in' | 'out' | 'lost';

/** One process of a service, as the gateway sees it. */
export class Instance {
  state: InstanceState = 'out';
  /** What its session ids begin with; undefined until it has answered. */
  id: string | undefined;
  /** Connections to it, from the moment they are tried. */
  readonly #open = new Set<Socket>();
  #begun = 0;

  constructor(
    readonly address: string,
    readonly port: number,
  ) {}

  /** Origin of its own, by address. */
  get url(): string {
    const host = this.address.includes(':') ? `[${this.address}]` : this.address;
    return `http://${host}:${this.port}`;
  }

  /** What it has to do: connections, and sessions that are between their first two. */
  get load(): number {
    return this.#open.size + this.#begun;
  }

  /** A session of many short requests has begun: it counts before its next one comes. */
  sessionBegan(): void {
    this.#begun += 1;
    setTimeout(() => (this.#begun -= 1), SESSION_FOLLOWS_WITHIN_MS).unref();
  }

  /** Whoever waits for it begins anew elsewhere. */
  closeAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** @throws RefusedError */
  connect(timeoutMs: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.address, port: this.port, noDelay: true });
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      const timer = setTimeout(() => {
        fail(new Error(`no connection within ${timeoutMs} ms`));
      }, timeoutMs);
      const fail = (cause: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(new RefusedError(`${this.url} cannot be connected to`, { cause }));
      };
      socket.once('error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        // Whoever uses it listens too; an error in between must not end the process.
        socket.on('error', () => undefined);
        resolve(socket);
      });
    });
  }
}
