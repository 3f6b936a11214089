import { Injectable, Logger } from '@nestjs/common';
import type { ChatSocket } from './chat-socket.ts';

/** Packets that may wait for a socket whose client does not read. */
const MAX_WAITING_PACKETS = 2_000;

/**
 * Closes sockets that read too slowly: what waits for them stays bounded, and
 * their clients catch up by `rev` when they connect again.
 */
@Injectable()
export class SlowSockets {
  readonly #logger = new Logger(SlowSockets.name);

  guard(socket: ChatSocket): void {
    let waiting = 0;
    socket.conn.on('drain', () => {
      waiting = 0;
    });
    socket.conn.on('packetCreate', () => {
      waiting += 1;
      if (waiting !== MAX_WAITING_PACKETS) return;
      this.#logger.warn({ socketId: socket.id }, 'a socket was closed: it reads too slowly');
      socket.conn.close(true);
    });
  }
}
