import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '@chat/platform/failures';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { ConnectedSockets } from './connected-sockets.ts';
import { RoomFanOut } from '../fan-out/room-fan-out.ts';

/** Time for work in flight, such as sends, to settle when the server begins to stop. */
const WORK_TIMEOUT_MS = 5_000;
/** Time for pending events of rooms to be written. */
const EVENTS_TIMEOUT_MS = 5_000;
/** Time for clients that read slowly to receive their last acknowledgements. */
const ACKS_TIMEOUT_MS = 1_000;
/** Clients reconnect at about this rate, so that they do not all arrive together. */
const RECONNECTS_PER_SECOND = 1_000;
const MIN_RECONNECT_MS = 250;
/** Many clients reconnect at a higher rate: their reconnects are spread over this time. */
const MAX_SPREAD_MS = 2_000;

/**
 * Drains sockets on a graceful shutdown: notifies clients, waits for work in flight, rejects later
 * events, and closes the sockets.
 */
@Injectable()
export class Draining implements BeforeApplicationShutdown {
  readonly #logger = new Logger(Draining.name);
  readonly #work: (() => Promise<void>)[] = [];
  #draining = false;

  constructor(
    private readonly sockets: ConnectedSockets,
    private readonly rooms: RoomFanOut,
  ) {}

  /**
   * Rejects new connections and events once the server is stopping.
   *
   * @throws UnavailableError
   */
  rejectIfDraining(): void {
    if (!this.#draining) return;
    throw new UnavailableError(
      'The server is stopping. Please reconnect.',
      MIN_RECONNECT_MS + MAX_SPREAD_MS,
    );
  }

  /**
   * Registers work that must settle before the sockets are closed.
   *
   * @param whenSettled resolves when no such work is in flight any more
   */
  waitFor(whenSettled: () => Promise<void>): void {
    this.#work.push(whenSettled);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#draining = true;
    const sockets = this.sockets.all();
    this.#logger.log({ sockets: sockets.length }, 'draining sockets');
    const spreadMs = Math.min(MAX_SPREAD_MS, (sockets.length / RECONNECTS_PER_SECOND) * 1_000);
    for (const socket of sockets) {
      const reconnectInMs = MIN_RECONNECT_MS + Math.round(Math.random() * spreadMs);
      socket.emit('serverDraining', { reconnectInMs });
    }
    await nextTurn();
    await waitAtMost(WORK_TIMEOUT_MS, Promise.all(this.#work.map((settled) => settled())));
    // The acknowledgement of a send is written a few microtasks after the send has settled.
    await nextTurn();
    await waitAtMost(EVENTS_TIMEOUT_MS, this.rooms.whenIdle());
    await waitAtMost(ACKS_TIMEOUT_MS, Promise.all(this.sockets.all().map(close)));
  }
}

/**
 * Closes the connection beneath the socket, after which any Socket.IO client reconnects: after
 * `disconnect` it would not. Resolves once all queued packets have been written.
 */
function close({ conn }: ChatSocket): Promise<void> {
  return new Promise((resolve) => {
    conn.once('close', () => resolve());
    conn.close();
  });
}

/** Waits for `work`, or until `timeMs` has passed. */
async function waitAtMost(timeMs: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, delay(timeMs, undefined, { ref: false })]);
}
