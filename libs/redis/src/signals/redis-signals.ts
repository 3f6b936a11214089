import {
  InMemorySignals,
  type Signal,
  type SignalDefinition,
  type SignalFields,
} from '@chat/platform/signals';
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
 * immediately, even while Redis is unavailable.
 */
export class RedisSignals extends InMemorySignals {
  readonly #logger = new Logger(RedisSignals.name);
  #server: Server | undefined;

  /**
   * @param publishing from {@link connectRedis}; may also be used for other commands
   * @param subscribing a dedicated connection, from {@link connectSubscribingRedis}
   */
  constructor(
    private readonly publishing: Redis,
    private readonly subscribing: Redis,
  ) {
    super();
  }

  /** Creates signals for a process without sockets: its Socket.IO server does not listen. */
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
    server
      .of('/')
      .on(EVENT, (payload: { type?: unknown } | null | undefined) => this.#receive(payload));
    this.#server = server;
  }

  override publish<S extends Signal>(
    definition: SignalDefinition<S>,
    fields: SignalFields<S>,
  ): void {
    super.publish(definition, fields);
    this.#server?.serverSideEmit(EVENT, { type: definition.type, ...fields });
  }

  /** Delivers a signal from another process; every process receives the signals of all features. */
  #receive(payload: { readonly type?: unknown } | null | undefined): void {
    const definition = this.definitionOf(payload?.type as string);
    if (!definition) return;
    const { success, data } = definition.schema.safeParse(payload);
    if (success) this.deliver(data);
    else this.#logger.warn('invalid signal ignored');
  }
}
