import { Injectable } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { SendOrder } from './send-order.ts';

interface RoomSends {
  readonly order: SendOrder;
  /** The last join of the room that the socket has asked for. */
  joined?: Promise<void>;
}

/** What every socket has on its way, by room. */
@Injectable()
export class SocketSends {
  readonly #rooms = new WeakMap<ChatSocket, Map<string, RoomSends>>();
  readonly #running = new Set<Promise<unknown>>();

  /** Sends to the room that come after this join wait for it. */
  after(socket: ChatSocket, roomId: string, joined: Promise<void>): Promise<void> {
    const sends = this.#of(socket, roomId);
    sends.joined = joined;
    const settled = (): void => {
      if (sends.joined === joined) delete sends.joined;
      this.#forgetIdle(socket, roomId, sends);
    };
    joined.then(settled, settled);
    return joined;
  }

  async run<T>(
    socket: ChatSocket,
    roomId: string,
    send: (order: SendOrder, joined: Promise<unknown> | undefined) => Promise<T>,
  ): Promise<T> {
    const sends = this.#of(socket, roomId);
    const running = send(
      sends.order,
      sends.joined?.catch(() => undefined),
    );
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      this.#forgetIdle(socket, roomId, sends);
    }
  }

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #of(socket: ChatSocket, roomId: string): RoomSends {
    const rooms = this.#rooms.get(socket) ?? new Map<string, RoomSends>();
    this.#rooms.set(socket, rooms);
    const sends = rooms.get(roomId) ?? { order: new SendOrder() };
    rooms.set(roomId, sends);
    return sends;
  }

  #forgetIdle(socket: ChatSocket, roomId: string, sends: RoomSends): void {
    const rooms = this.#rooms.get(socket);
    if (sends.order.idle && !sends.joined && rooms?.get(roomId) === sends) rooms.delete(roomId);
  }
}
