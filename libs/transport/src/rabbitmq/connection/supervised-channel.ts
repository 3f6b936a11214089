import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs, withTimeout } from '@chat/platform/failures';
import { Logger } from '@nestjs/common';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { BrokerConnection } from './broker-connection.ts';

/** Callbacks of a supervised channel. Every `setUp` call is followed by an `onClose` call. */
export interface ChannelHandlers {
  /** Identifies the channel in logs. */
  readonly name: string;
  /**
   * Sets up a new channel: declares queues, starts consumers. When it rejects or takes longer
   * than {@link SET_UP_TIMEOUT_MS}, the channel is closed and a new one is opened.
   */
  setUp(channel: ConfirmChannel): Promise<void>;
  /** Called when the channel is set up and still open. */
  onReady?(): void;
  /**
   * Cleans up after a channel closed: its deliveries can no longer be acknowledged.
   * The next channel is opened after this resolves.
   */
  onClose?(): Promise<void> | void;
}

/** Timeout of `setUp`: a declaration may get no response while its queue has no leader. */
const SET_UP_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Keeps a channel open until it is stopped. If the connection is lost, the channel is reopened as
 * soon as the connection is restored; if only the channel closes, or {@link reopen} is called, it
 * is reopened with backoff.
 */
export class SupervisedChannel {
  readonly #logger = new Logger('RabbitMQ');
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #current: ConfirmChannel | undefined;
  #endCurrent: ((reason: Error) => void) | undefined;
  #attempt = 0;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly handlers: ChannelHandlers,
  ) {
    this.#running = this.#run();
  }

  /** The channel, once it is set up; undefined while there is none. */
  get current(): ConfirmChannel | undefined {
    return this.#current;
  }

  /** Resets the backoff; the owner calls it once the channel has proven to work. */
  resetBackoff(): void {
    this.#attempt = 0;
  }

  /**
   * Closes the current channel and opens a new one with backoff. The broker redelivers
   * unacknowledged messages to the next consumer.
   */
  reopen(reason: Error): void {
    this.#endCurrent?.(reason);
  }

  /** Closes the channel permanently. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#endCurrent?.(new Error('stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const model = await this.connection.waitUntilConnected(signal);
      if (!model) return;
      const reason = await this.#runChannel(model);
      if (this.#stopping.signal.aborted) return;
      // The connection logs its own loss, which is not a failure of the channel.
      if (this.connection.current !== model) continue;
      this.#attempt += 1;
      const retryInMs = backoffMs(this.#attempt);
      this.#logger.warn(
        { channel: this.handlers.name, err: reason, retryInMs },
        'channel closed; reopening',
      );
      await delay(retryInMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Opens a channel and waits until it is closed; resolves with the reason. */
  async #runChannel(model: ChannelModel): Promise<Error> {
    let channel: ConfirmChannel;
    try {
      channel = await model.createConfirmChannel();
    } catch (error) {
      return asError(error);
    }
    const { promise: ended, resolve: end } = Promise.withResolvers<Error>();
    const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<void>();
    // Every publish that waits for its confirm adds a listener.
    channel.setMaxListeners(0);
    channel.on('error', end);
    channel.on('close', () => {
      end(new Error('closed by the broker'));
      resolveClosed();
    });
    this.#endCurrent = end;
    if (this.#stopping.signal.aborted) end(new Error('stopped'));
    withTimeout(this.handlers.setUp(channel), SET_UP_TIMEOUT_MS).then(
      () => {
        if (this.#endCurrent !== end) return;
        this.#current = channel;
        this.handlers.onReady?.();
      },
      (error: unknown) => end(asError(error)),
    );
    const reason = await ended;
    this.#endCurrent = undefined;
    this.#current = undefined;
    const closing = channel.close().catch(() => undefined);
    await Promise.all([
      withTimeout(Promise.race([closed, closing]), CLOSE_TIMEOUT_MS).catch(() => undefined),
      this.handlers.onClose?.(),
    ]);
    return reason;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
