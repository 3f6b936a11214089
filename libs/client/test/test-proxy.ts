import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a proxy does with WebSockets: it passes them on, or swallows what the client sends. */
export type WebSocketTreatment =
  | 'pass'
  /** The request to upgrade is not answered. */
  | 'no-answer'
  /** The upgrade is accepted, and no frame arrives. */
  | 'no-frames';

/**
 * A proxy that passes HTTP requests on, without `/chat` at the beginning of their path, and treats
 * WebSockets as some middleboxes do.
 */
export class TestProxy {
  /** Upgrades requested so far. */
  upgrades = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
    public treatment: WebSocketTreatment,
  ) {
    server.on('connection', (client: Socket) => this.#accept(client));
  }

  static async start(targetUrl: string, treatment: WebSocketTreatment): Promise<TestProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TestProxy(server, Number(new URL(targetUrl).port), treatment);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(client: Socket): void {
    this.#track(client);
    client.once('data', (head: Buffer) => {
      const key = /^sec-websocket-key: (.+)\r$/im.exec(head.toString('latin1'))?.[1];
      if (key !== undefined) this.upgrades += 1;
      if (key === undefined || this.treatment === 'pass') this.#pass(client, head);
      else if (this.treatment === 'no-frames') client.write(acceptUpgrade(key));
    });
  }

  #pass(client: Socket, head: Buffer): void {
    const target = connect(this.targetPort, '127.0.0.1');
    this.#track(target);
    target.write(withoutPrefix(head));
    // A client writes the head of a request at once.
    client.on('data', (chunk: Buffer) => target.write(withoutPrefix(chunk)));
    client.on('end', () => target.end());
    target.pipe(client);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

function withoutPrefix(chunk: Buffer): Buffer {
  const text = chunk.toString('latin1');
  return Buffer.from(text.replace(/^([A-Z]+ )\/chat\//, '$1/'), 'latin1');
}

/** Returns the response to a WebSocket handshake (RFC 6455, section 4.2.2). */
function acceptUpgrade(key: string): string {
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    '',
    '',
  ].join('\r\n');
}
