import type { ServerPayload } from '@chat/contracts';
import type { PublishedHead } from '@chat/messages';
import { unreadAfter } from '@chat/rooms';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { hasQueuedPackets } from '../connections/engine-connection.ts';
import { EncodedEvent } from '../fan-out/encoded-event.ts';
import { RoomFanOut } from '../fan-out/room-fan-out.ts';
import { UserRooms } from './user-rooms.ts';

/** How long heads wait for others, to be written to a socket together. Milliseconds. */
const FLUSH_INTERVAL_MS = 50;
/** Maximum number of heads in one event; the others follow in the next one. */
const MAX_EVENT_HEADS = 50;
/** Approximate duration of writes before pings, acknowledgements and other work. Milliseconds. */
const SLICE_MS = 5;

/**
 * Writes heads of rooms to sockets that have not joined the room: all heads of a socket together,
 * and only the latest of each room. The heads of a socket that is not ready to write wait.
 */
@Injectable()
export class HeadFanOut implements OnApplicationShutdown {
  readonly #queues = new Map<ChatSocket, Map<string, PublishedHead>>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly rooms: UserRooms,
    private readonly roomFanOut: RoomFanOut,
  ) {}

  /** Queues a head for a socket, unless it has joined the room; it replaces a waiting one. */
  queue(socket: ChatSocket, head: PublishedHead): void {
    if (this.roomFanOut.isIn(head.roomId, socket)) return;
    const queue = this.#queues.get(socket) ?? new Map<string, PublishedHead>();
    if ((queue.get(head.roomId)?.rev ?? 0) > head.rev) return;
    this.#queues.set(socket, queue.set(head.roomId, head));
    this.#schedule();
  }

  /** Drops the heads of a disconnected socket. */
  forget(socket: ChatSocket): void {
    this.#queues.delete(socket);
  }

  onApplicationShutdown(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(
      () => this.#writeRound([...this.#queues.keys()].values()),
      FLUSH_INTERVAL_MS,
    ).unref();
  }

  /** Writes to the sockets of a round in slices; sockets that are queued later are in the next. */
  #writeRound(sockets: IteratorObject<ChatSocket>): void {
    const deadline = performance.now() + SLICE_MS;
    for (const socket of sockets) {
      if (isReady(socket)) this.#write(socket);
      if (performance.now() >= deadline) {
        setImmediate(() => this.#writeRound(sockets));
        return;
      }
    }
    this.#timer = undefined;
    if (this.#queues.size > 0) this.#schedule();
  }

  #write(socket: ChatSocket): void {
    const queue = this.#queues.get(socket);
    if (!queue) return;
    const { userId } = socket.data.identity;
    const heads: ServerPayload<'roomHeads'> = [];
    for (const [roomId, head] of queue) {
      if (heads.length === MAX_EVENT_HEADS) break;
      queue.delete(roomId);
      const lastReadSeq = this.rooms.positionOf(userId, roomId);
      // Left, or joined since then: the stream of the room delivers the change, maybe later.
      if (lastReadSeq === undefined || this.roomFanOut.isIn(roomId, socket)) continue;
      heads.push({ ...head, unread: unreadAfter(lastReadSeq, head.seq) });
    }
    if (queue.size === 0) this.#queues.delete(socket);
    if (heads.length > 0) new EncodedEvent('roomHeads', heads).writeTo(socket);
  }
}

/** Returns whether a packet would be written at once: the client has received the ones before. */
function isReady({ conn }: ChatSocket): boolean {
  return conn.transport.writable && !hasQueuedPackets(conn);
}
