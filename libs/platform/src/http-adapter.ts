import { createServer, IncomingMessage, Server } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/** Where Socket.IO listens, with the slash that it insists on. */
const SOCKET_PATH = '/socket.io/';

/**
 * Express on a server that switches protocols only for WebSockets of Socket.IO, and only where something
 * handles them. Every other `Upgrade` header is ignored, and the request answered as HTTP/1.1 (RFC 9110, 7.8).
 */
export class HttpAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    const server: Server = createServer(
      {
        shouldUpgradeCallback: (request) =>
          server.listenerCount('upgrade') > 0 && isSocketUpgrade(request),
        ...(!IS_ASKED_BEFORE_UPGRADES && { IncomingMessage: MessageWithoutOtherUpgrades }),
      },
      this.getInstance(),
    );
    this.httpServer = server;
  }
}

function isSocketUpgrade({ url, headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && url?.startsWith(SOCKET_PATH) === true;
}

/** Whether this Node knows `shouldUpgradeCallback`: 24.9 and newer. */
const IS_ASKED_BEFORE_UPGRADES = 'shouldUpgradeCallback' in new Server();

/**
 * For older versions of Node. Their server sets `upgrade` on a request that asks to switch protocols, and reads it
 * back, once the headers are there, to decide between the events `upgrade` and `request`.
 */
class MessageWithoutOtherUpgrades extends IncomingMessage {
  declare private asksForUpgrade: boolean | null;

  get upgrade(): boolean {
    return this.asksForUpgrade === true && isSocketUpgrade(this);
  }

  set upgrade(asked: boolean | null) {
    this.asksForUpgrade = asked;
  }
}
