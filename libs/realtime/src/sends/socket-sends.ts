import { Injectable } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { SendOrder } from './send-order.ts';

interface RoomSends {
  readonly order: SendOrder;
  /** The latest join of the room by the socket, while it is in progress. */
  joined?: Promise<void>;
}

/** Tracks the sends in flight of every socket, by room. */
@Injectable()
export class SocketSends {
  readonly #rooms = new WeakMap<ChatSocket, Map<string, RoomSends>>();
  readonly #running = new Set<Promise<unknown>>();

  /** Makes later sends of the socket to the room wait for this join; returns the join. */
  trackJoin(socket: ChatSocket, roomId: string, joined: Promise<void>): Promise<void> {
    const sends = this.#sendsOf(socket, roomId);
    sends.joined = joined;
    const settled = (): void => {
      if (sends.joined === joined) delete sends.joined;
      this.#deleteIfIdle(socket, roomId, sends);
    };
    joined.then(settled, settled);
    return joined;
  }

  /** Runs a send with the order of its socket and room, and the join that it has to wait for. */
  async run<T>(
    socket: ChatSocket,
    roomId: string,
    send: (order: SendOrder, joined: Promise<unknown> | undefined) => Promise<T>,
  ): Promise<T> {
    const sends = this.#sendsOf(socket, roomId);
    const running = send(
      sends.order,
      sends.joined?.catch(() => undefined),
    );
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      this.#deleteIfIdle(socket, roomId, sends);
    }
  }

  /** Resolves when no send is in flight any more. */
  async whenSettled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #sendsOf(socket: ChatSocket, roomId: string): RoomSends {
    const rooms = this.#rooms.get(socket) ?? new Map<string, RoomSends>();
    this.#rooms.set(socket, rooms);
    const sends = rooms.get(roomId) ?? { order: new SendOrder() };
    rooms.set(roomId, sends);
    return sends;
  }

  #deleteIfIdle(socket: ChatSocket, roomId: string, sends: RoomSends): void {
    const rooms = this.#rooms.get(socket);
    if (sends.order.idle && !sends.joined && rooms?.get(roomId) === sends) rooms.delete(roomId);
  }
}
