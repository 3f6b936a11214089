import { Injectable, Logger } from '@nestjs/common';
import type { ChatSocket } from './chat-socket.ts';

/** Packets that may wait for a socket whose client does not read. */
const MAX_WAITING_PACKETS = 2_000;
/** Characters that may wait in them: enough for the longest answers to joins of many rooms at once. */
const MAX_WAITING_LENGTH = 8 * 1024 * 1024;

/**
 * Closes sockets that read too slowly: what waits for them stays bounded, and
 * their clients catch up by `rev` when they connect again.
 */
@Injectable()
export class SlowSockets {
  readonly #logger = new Logger(SlowSockets.name);

  guard(socket: ChatSocket): void {
    let packets = 0;
    let length = 0;
    let closed = false;
    socket.conn.on('drain', () => {
      packets = 0;
      length = 0;
    });
    socket.conn.on('packetCreate', ({ data }: { readonly data?: string | Buffer }) => {
      packets += 1;
      length += data?.length ?? 0;
      if (closed || (packets < MAX_WAITING_PACKETS && length < MAX_WAITING_LENGTH)) return;
      closed = true;
      this.#logger.warn({ socketId: socket.id }, 'a socket was closed: it reads too slowly');
      socket.conn.close(true);
    });
  }
}
