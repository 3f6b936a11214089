import { createServer, connect, type Server, type Socket } from 'node:net';
import { reservePort } from './reserve-port.ts';

/** The two connections that a proxy joins: from the client, and to the server. */
interface Pair {
  readonly ends: readonly [client: Socket, upstream: Socket];
  /** Whether traffic was ever dropped: lost bytes cannot be delivered later. */
  silenced: boolean;
}

/**
 * TCP proxy between a client and a server under test, which can inject network faults:
 * `disconnect` resets connections and refuses new ones, `blackhole` drops bytes, FIN and RST
 * in both directions (an end does not notice that the other has disconnected), and `pause`
 * delays bytes without losing any.
 */
export class FaultProxy {
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #silent = false;
  #held = false;
  #accepted = 0;

  private constructor(
    readonly port: number,
    private readonly target: number,
  ) {}

  /**
   * Starts a proxy on a private port.
   *
   * @param target port of the server on this machine
   */
  static async to(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(await reservePort(), target);
    await proxy.restore();
    return proxy;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Number of connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Resets every connection and refuses new ones. */
  async disconnect(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const pair of this.#pairs) reset(pair);
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** Drops all bytes, FIN and RST on existing and new connections, without signalling either end. */
  blackhole(): void {
    this.#silent = true;
    for (const pair of this.#pairs) {
      pair.silenced = true;
      for (const socket of pair.ends) socket.unpipe().resume();
    }
  }

  /** Holds back every byte on existing and new connections, as a frozen server would. */
  pause(): void {
    this.#held = true;
    for (const { ends } of this.#pairs) for (const socket of ends) socket.unpipe().pause();
  }

  /** Delivers the bytes that {@link pause} held back, and all that follow. */
  resume(): void {
    this.#held = false;
    for (const pair of this.#pairs) if (!pair.silenced) join(pair);
  }

  /**
   * Forwards the traffic of new connections again. Connections whose traffic was dropped stay
   * silent: both ends must detect that themselves. If one end has disconnected, the other is reset
   * now, as a recovering network would do.
   */
  async restore(): Promise<void> {
    this.#silent = false;
    for (const pair of this.#pairs) if (pair.silenced && pair.ends.some(hasEnded)) reset(pair);
    if (this.#server) return;
    const server = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  #join(client: Socket): void {
    this.#accepted += 1;
    const upstream = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true });
    const pair: Pair = { ends: [client, upstream], silenced: this.#silent };
    this.#pairs.add(pair);
    for (const socket of pair.ends) {
      const resetOther = (): void => {
        if (pair.silenced && !this.#silent) reset(pair);
      };
      socket.on('error', () => undefined);
      socket.on('end', resetOther);
      socket.on('close', (hadError) => {
        // If there was no error, both directions have ended and the pipes have forwarded that.
        if (hadError && !pair.silenced) reset(pair);
        resetOther();
        if (pair.ends.every((end) => end.destroyed)) this.#pairs.delete(pair);
      });
    }
    if (pair.silenced) {
      for (const socket of pair.ends) socket.resume();
    } else if (!this.#held) {
      join(pair);
    }
  }
}

function join({ ends: [client, upstream] }: Pair): void {
  client.pipe(upstream).pipe(client);
}

function hasEnded(socket: Socket): boolean {
  return socket.destroyed || socket.readableEnded;
}

function reset({ ends }: Pair): void {
  for (const socket of ends) socket.resetAndDestroy();
}
