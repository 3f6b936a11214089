import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { Draining } from '../connections/draining.ts';
import { EventAdmission } from '../events/event-admission.ts';
import { SendOrder } from './send-order.ts';

/** Tracks the sends in flight of every socket, by room. */
@Injectable()
export class SocketSends implements OnModuleInit {
  readonly #orders = new WeakMap<ChatSocket, Map<string, SendOrder>>();
  readonly #inFlight = new Set<Promise<unknown>>();

  constructor(
    private readonly draining: Draining,
    private readonly admission: EventAdmission,
  ) {}

  onModuleInit(): void {
    this.draining.waitFor(() => this.whenSettled());
  }

  /** Runs a send, in order with earlier sends of the same socket to the same room. */
  async run<T>(
    socket: ChatSocket,
    roomId: string,
    send: (order: SendOrder) => Promise<T>,
  ): Promise<T> {
    const order = this.#orderOf(socket, roomId);
    const sending = send(order);
    this.#inFlight.add(sending);
    try {
      return await sending;
    } finally {
      this.#inFlight.delete(sending);
      this.#deleteIfIdle(socket, roomId, order);
    }
  }

  /** Resolves when no send is in flight any more. */
  async whenSettled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
  }

  #orderOf(socket: ChatSocket, roomId: string): SendOrder {
    const orders = this.#orders.get(socket) ?? new Map<string, SendOrder>();
    this.#orders.set(socket, orders);
    const order = orders.get(roomId) ?? new SendOrder(() => this.admission.whenHandled(socket));
    orders.set(roomId, order);
    return order;
  }

  #deleteIfIdle(socket: ChatSocket, roomId: string, order: SendOrder): void {
    const orders = this.#orders.get(socket);
    if (order.idle && orders?.get(roomId) === order) orders.delete(roomId);
  }
}
