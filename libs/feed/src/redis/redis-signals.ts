import { InMemorySignals, Signal } from '@chat/platform';
import { Logger } from '@nestjs/common';
import { createAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import type { Server } from 'socket.io';

/** Server-side event between processes; its argument is the signal. */
const EVENT = 'signal';

/**
 * Signals between processes, as server-side events of Socket.IO's Redis adapter:
 * one message for each, and nobody is asked for an answer. Listeners of the
 * process that publishes hear at once, also while Redis is away.
 */
export class RedisSignals extends InMemorySignals {
  readonly #logger = new Logger(RedisSignals.name);
  #server: Server | undefined;

  /**
   * @param publishing of {@link connectRedis}; may be used for other commands too
   * @param subscribing a connection of its own, of {@link connectSubscribingRedis}
   */
  constructor(
    private readonly publishing: Redis,
    private readonly subscribing: Redis,
  ) {
    super();
  }

  /**
   * Joins the process's Socket.IO server to those of the other processes. To be
   * called once; a process that has no sockets gives one that listens nowhere.
   */
  attach(server: Server): void {
    server.adapter(createAdapter(this.publishing, this.subscribing));
    server.of('/').on(EVENT, (payload: unknown) => this.#hear(payload));
    this.#server = server;
  }

  override publish(signal: Signal): void {
    super.publish(signal);
    this.#server?.serverSideEmit(EVENT, signal);
  }

  #hear(payload: unknown): void {
    const { success, data } = Signal.safeParse(payload);
    if (success) super.publish(data);
    else this.#logger.warn('Something else than a signal came from another process.');
  }
}
