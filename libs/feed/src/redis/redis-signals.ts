import { InMemorySignals, Signal } from '@chat/platform';
import { Logger } from '@nestjs/common';
import { createAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import { Server } from 'socket.io';
import type { RedisConnections } from './redis-connections.ts';

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

  /** For a process that has no sockets: its Socket.IO server listens nowhere. */
  static withoutSockets({ commands, sockets }: RedisConnections): RedisSignals {
    const signals = new RedisSignals(commands, sockets);
    signals.attach(new Server());
    return signals;
  }

  /**
   * Joins the process's Socket.IO server to those of the other processes. To be
   * called once.
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
