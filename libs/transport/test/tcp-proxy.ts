import { connect, createServer, type Server, type Socket } from 'node:net';

/** A link to a local server that can be cut as a machine that dies cuts it. */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async to(targetPort: number): Promise<TcpProxy> {
    const sockets: Socket[] = [];
    const server = createServer((near) => {
      const far = connect(targetPort, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.push(from);
        from.on('error', () => undefined);
        from.once('close', () => to.destroy());
        from.pipe(to);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP server');
    const proxy = new TcpProxy(server, address.port);
    server.on('connection', () => sockets.forEach((socket) => proxy.#sockets.add(socket)));
    return proxy;
  }

  /** Ends every connection and takes no more. */
  cut(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
