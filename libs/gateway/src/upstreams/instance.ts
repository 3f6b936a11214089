import { connect, type Socket } from 'node:net';

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
  /** Requests and sockets that it has open. */
  readonly open = new Set<{ destroy(): void }>();

  constructor(
    readonly address: string,
    readonly port: number,
  ) {}

  /** Origin of its own, by address. */
  get url(): string {
    const host = this.address.includes(':') ? `[${this.address}]` : this.address;
    return `http://${host}:${this.port}`;
  }

  /** @throws RefusedError */
  connect(timeoutMs: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.address, port: this.port, noDelay: true });
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
