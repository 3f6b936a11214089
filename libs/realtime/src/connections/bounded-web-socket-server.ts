import { WebSocketServer, type ServerOptions } from 'ws';
import { CLOSE_TIMEOUT_MS } from './engine-connection.ts';

/** The WebSocket server beneath Engine.IO; it queues no pongs for clients that do not read. */
export class BoundedWebSocketServer extends WebSocketServer {
  constructor(options: ServerOptions) {
    const bounded: ServerOptions & { closeTimeout: number } = {
      ...options,
      autoPong: false,
      closeTimeout: CLOSE_TIMEOUT_MS,
    };
    super(bounded);
  }

  override handleUpgrade(...[request, socket, head, accept]: Parameters<UpgradeHandler>): void {
    super.handleUpgrade(request, socket, head, (webSocket, upgraded) => {
      // RFC 6455 (5.5.3) allows a response to the most recent ping only, skipping earlier ones.
      webSocket.on('ping', (data) => {
        if (webSocket.bufferedAmount === 0) webSocket.pong(data);
      });
      accept(webSocket, upgraded);
    });
  }
}

type UpgradeHandler = WebSocketServer['handleUpgrade'];
