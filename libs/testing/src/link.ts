import { createServer, connect, type Server, type Socket } from 'node:net';
import { privatePort } from './private-port.ts';

/**
 * A network link between a client and a server of ours, which tests can cut:
 * loudly (connections are reset and refused) or silently (bytes are swallowed
 * both ways and nothing is closed).
 */
export class Link {
  readonly #pairs = new Set<[Socket, Socket]>();
  #server: Server | undefined;
  #silent = false;

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

  /** Closes every connection and refuses new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** From now on nothing comes through, of old connections and of new ones, and nobody is told. */
  swallow(): void {
    this.#silent = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.unpipe().resume();
  }

  /** New connections work again. Those that were silent stay so: both ends must notice by themselves. */
  async restore(): Promise<void> {
    this.#silent = false;
    if (this.#server) return;
    const server = createServer((client) => this.#join(client));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  #join(client: Socket): void {
    const upstream = connect(this.target, '127.0.0.1');
    const pair: [Socket, Socket] = [client, upstream];
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        for (const one of pair) one.destroy();
      });
    }
    if (this.#silent) {
      for (const socket of pair) socket.resume();
    } else {
      client.pipe(upstream).pipe(client);
    }
  }
}
