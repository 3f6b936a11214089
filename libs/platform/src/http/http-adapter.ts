import { createServer, IncomingMessage, Server } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/** Path of Socket.IO, with the trailing slash that it requires. */
const SOCKET_PATH = '/socket.io/';

/**
 * Express adapter whose server switches protocols only for WebSockets to Socket.IO, and only when
 * the server has an `upgrade` listener. Any other `Upgrade` header is ignored and the request is
 * handled as HTTP/1.1 (RFC 9110, 7.8).
 */
export class HttpAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    const server: Server = createServer(
      {
        shouldUpgradeCallback: (request) =>
          server.listenerCount('upgrade') > 0 && isSocketUpgrade(request),
        ...(!HAS_UPGRADE_CALLBACK && { IncomingMessage: SocketIoUpgradeMessage }),
      },
      this.getInstance(),
    );
    this.httpServer = server;
  }
}

function isSocketUpgrade({ url, headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && url?.startsWith(SOCKET_PATH) === true;
}

/** Whether this version of Node supports `shouldUpgradeCallback`: 24.9 and newer. */
const HAS_UPGRADE_CALLBACK = 'shouldUpgradeCallback' in new Server();

/**
 * Request that hides upgrades to other protocols, for older versions of Node. Their server sets
 * `upgrade` on a request with an `Upgrade` header, and reads it once the headers have arrived, to
 * choose between the events `upgrade` and `request`.
 */
class SocketIoUpgradeMessage extends IncomingMessage {
  // Not a `#` field: the base constructor sets `upgrade` before such a field would exist.
  declare private upgradeRequested: boolean | null;

  get upgrade(): boolean {
    return this.upgradeRequested === true && isSocketUpgrade(this);
  }

  set upgrade(requested: boolean | null) {
    this.upgradeRequested = requested;
  }
}
