import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '@chat/platform';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { ChatSocket } from './chat-socket.ts';
import { LiveSockets } from './live-sockets.ts';
import { RoomFanOut } from './rooms/room-fan-out.ts';
import { SocketSends } from './sends/socket-sends.ts';

/** Longest wait for sends that are on their way when the server is told to stop. */
const LAST_SENDS_MS = 5_000;
/** Longest wait for what is on its way to rooms. */
const LAST_EVENTS_MS = 5_000;
/** Longest wait for answers to leave to clients that read slowly. */
const LAST_ANSWERS_MS = 1_000;
/** Clients come back spread over this time, so that they do not come all at once. */
const RECONNECT_SPREAD_MS = 2_000;
const RECONNECT_EARLIEST_MS = 250;

/**
 * A planned stop: tells clients, answers what they have sent, refuses what comes
 * after that, and closes their sockets.
 */
@Injectable()
export class Draining implements BeforeApplicationShutdown {
  readonly #logger = new Logger(Draining.name);
  #begun = false;

  constructor(
    private readonly sockets: LiveSockets,
    private readonly sends: SocketSends,
    private readonly rooms: RoomFanOut,
  ) {}

  /** @throws UnavailableError once the server is stopping */
  refuseNew(): void {
    if (this.#begun) throw new UnavailableError('The server is stopping.', RECONNECT_SPREAD_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#begun = true;
    const sockets = this.sockets.all();
    this.#logger.log(`draining ${sockets.length} sockets`);
    for (const socket of sockets) {
      const reconnectInMs = RECONNECT_EARLIEST_MS + Math.round(Math.random() * RECONNECT_SPREAD_MS);
      socket.emit('serverDraining', { reconnectInMs });
    }
    await nextTurn();
    await within(LAST_SENDS_MS, this.sends.settled());
    // A send's answer is written a few microtasks after it has settled.
    await nextTurn();
    await within(LAST_EVENTS_MS, this.rooms.whenIdle());
    await within(LAST_ANSWERS_MS, Promise.all(this.sockets.all().map(closed)));
  }
}

/**
 * Closes the connection beneath the socket, which tells any Socket.IO client to
 * connect again: after `disconnect` it would stay away. Resolves once all that
 * waited for the client has been written.
 */
function closed({ conn }: ChatSocket): Promise<void> {
  return new Promise((resolve) => {
    conn.once('close', () => resolve());
    conn.close();
  });
}

async function within(timeMs: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, delay(timeMs, undefined, { ref: false })]);
}
