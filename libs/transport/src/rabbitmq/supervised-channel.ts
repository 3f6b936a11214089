import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '@chat/platform';
import { Logger } from '@nestjs/common';
import type { ConfirmChannel } from 'amqplib';
import type { BrokerConnection } from './broker-connection.ts';
import { within } from './time-limit.ts';

/** What a channel is for. Every call of `opened` that was begun is followed by one of `closed`. */
export interface ChannelUse {
  /** As people know it, for logs. */
  readonly name: string;
  /** Sets a fresh channel up; when that fails, the next one is opened. */
  opened(channel: ConfirmChannel): Promise<void>;
  /** The channel is gone, and nothing that came through it can be acknowledged any more. The next one waits for this. */
  closed(): Promise<void> | void;
}

const CLOSE_TIMEOUT_MS = 2_000;

/**
 * A channel that is opened again whenever it is gone: as soon as there is a
 * connection when that was lost, and with backoff when it closed alone or its
 * user gave it up.
 */
export class SupervisedChannel {
  readonly #logger = new Logger('RabbitMQ');
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #giveUp: ((reason: Error) => void) | undefined;
  #attempt = 0;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly use: ChannelUse,
  ) {}

  start(): void {
    this.#running ??= this.#run();
  }

  /** It does what it is for: the next reopening need not wait long. */
  succeeded(): void {
    this.#attempt = 0;
  }

  /** Closes the current channel; the broker gives what was not acknowledged to whoever comes next. */
  giveUp(reason: Error): void {
    this.#giveUp?.(reason);
  }

  /** Closes the channel for good. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const model = await this.connection.connected(signal);
      if (!model) return;
      const reason = await this.#useOne(() => model.createConfirmChannel());
      if (this.#stopping.signal.aborted) return;
      // A lost connection is told of once, by the connection, and says nothing of the channel.
      if (this.connection.current !== model) continue;
      this.#attempt += 1;
      const retryInMs = backoffMs(this.#attempt);
      this.#logger.warn(
        `${this.use.name} closed (${reason.message}). Opening it again in ${retryInMs} ms.`,
      );
      await delay(retryInMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves with why it ended, once it has. */
  async #useOne(open: () => Promise<ConfirmChannel>): Promise<Error> {
    let channel: ConfirmChannel;
    try {
      channel = await open();
    } catch (error) {
      return asError(error);
    }
    const { promise: ended, resolve: end } = Promise.withResolvers<Error>();
    const { promise: closed, resolve: hasClosed } = Promise.withResolvers<void>();
    // Every publish that waits for its confirm listens.
    channel.setMaxListeners(0);
    channel.on('error', end);
    channel.on('close', () => {
      end(new Error('closed by the broker'));
      hasClosed();
    });
    this.#giveUp = end;
    const stop = (): void => end(new Error('stopped'));
    this.#stopping.signal.addEventListener('abort', stop);
    if (this.#stopping.signal.aborted) stop();
    this.use.opened(channel).catch((error: unknown) => end(asError(error)));
    const reason = await ended;
    this.#stopping.signal.removeEventListener('abort', stop);
    this.#giveUp = undefined;
    const closing = channel.close().catch(() => undefined);
    await Promise.all([
      within(CLOSE_TIMEOUT_MS, Promise.race([closed, closing])).catch(() => undefined),
      this.use.closed(),
    ]);
    return reason;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
