import { createServer, connect, type Server, type Socket } from 'node:net';
import { privatePort } from './private-port.ts';

/** The two connections that a link makes one of. */
interface Pair {
  readonly ends: readonly [client: Socket, upstream: Socket];
  /** Whether it was ever silent: what was lost cannot be made up for. */
  silenced: boolean;
}

/**
 * A network link between a client and a server of ours, which tests can cut:
 * loudly (connections are reset and refused) or silently (bytes and
 * closes are swallowed both ways, so that an end whose other end is gone waits),
 * and which they can hold up without losing anything.
 */
export class Link {
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #silent = false;
  #held = false;
  #accepted = 0;

  private constructor(
    readonly port: number,
    private readonly target: number,
  ) {}

  /** @param target port of the server behind it, on this machine */
  static async to(target: number): Promise<Link> {
    const link = new Link(await privatePort(), target);
    await link.restore();
    return link;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Number of connections that clients have made so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Closes every connection and refuses new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const pair of this.#pairs) reset(pair);
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** From now on nothing comes through, of old connections and of new ones, and nobody is told. */
  swallow(): void {
    this.#silent = true;
    for (const pair of this.#pairs) {
      pair.silenced = true;
      for (const socket of pair.ends) socket.unpipe().resume();
    }
  }

  /** Holds back every byte, of old connections and of new ones, as if the server were frozen. */
  hold(): void {
    this.#held = true;
    for (const { ends } of this.#pairs) for (const socket of ends) socket.unpipe().pause();
  }

  /** Delivers what {@link hold} has held back, and all that follows. */
  release(): void {
    this.#held = false;
    for (const pair of this.#pairs) if (!pair.silenced) join(pair);
  }

  /**
   * New connections work again. Those that were silent stay so: both ends must
   * notice by themselves. Where one has gone, the other is told now, as by a
   * network that comes back.
   */
  async restore(): Promise<void> {
    this.#silent = false;
    for (const pair of this.#pairs) if (pair.silenced && pair.ends.some(isGone)) reset(pair);
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
      const tellOther = (): void => {
        if (pair.silenced && !this.#silent) reset(pair);
      };
      socket.on('error', () => undefined);
      socket.on('end', tellOther);
      socket.on('close', (broken) => {
        // Without an error both directions have ended, and the pipes have passed that on.
        if (broken && !pair.silenced) reset(pair);
        tellOther();
        if (pair.ends.every((one) => one.destroyed)) this.#pairs.delete(pair);
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

function isGone(socket: Socket): boolean {
  return socket.destroyed || socket.readableEnded;
}

function reset({ ends }: Pair): void {
  for (const socket of ends) socket.resetAndDestroy();
}
