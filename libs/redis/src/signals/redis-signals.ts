import { InMemorySignals, Signal } from '@chat/platform';
import { Logger } from '@nestjs/common';
import { createAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import { Server } from 'socket.io';
import type { RedisConnections } from '../connections/redis-connections.ts';

/** Name of the server-side event between processes; its argument is the signal. */
const EVENT = 'signal';

/**
 * Sends signals between processes as server-side events of Socket.IO's Redis adapter: one Redis
 * message for each signal, without acknowledgement. Listeners in the publishing process are called
 * at once, also while Redis is unavailable.
 */
export class RedisSignals extends InMemorySignals {
  readonly #logger = new Logger(RedisSignals.name);
  #server: Server | undefined;

  /**
   * @param publishing from {@link connectRedis}; may be used for other commands too
   * @param subscribing a dedicated connection, from {@link connectSubscribingRedis}
   */
  constructor(
    private readonly publishing: Redis,
    private readonly subscribing: Redis,
  ) {
    super();
  }

  /** Creates signals for a process without sockets: its Socket.IO server listens on no port. */
  static withoutSockets({ commands, sockets }: RedisConnections): RedisSignals {
    const signals = new RedisSignals(commands, sockets);
    signals.attach(new Server());
    return signals;
  }

  /**
   * Connects the process's Socket.IO server to those of the other processes. Must be called once.
   */
  attach(server: Server): void {
    server.adapter(createAdapter(this.publishing, this.subscribing));
    server.of('/').on(EVENT, (payload: unknown) => this.#receive(payload));
    this.#server = server;
  }

  override publish(signal: Signal): void {
    super.publish(signal);
    this.#server?.serverSideEmit(EVENT, signal);
  }

  #receive(payload: unknown): void {
    const { success, data } = Signal.safeParse(payload);
    if (success) super.publish(data);
    else this.#logger.warn('invalid signal ignored');
  }
}
