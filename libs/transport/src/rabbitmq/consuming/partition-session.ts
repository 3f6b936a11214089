import { ConflictingWriterError, type PartitionWriter } from '@chat/messages';
import { withTimeout } from '@chat/platform/failures';
import { Logger } from '@nestjs/common';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { SupervisedChannel } from '../connection/supervised-channel.ts';
import type { DeadLetterPublisher } from '../dead-letters/dead-letter-publisher.ts';

/** What an instance provides to the consumers of its partitions. */
export interface PartitionHost {
  /** Opens the writer of a session. */
  readonly openWriter: (partition: number) => PartitionWriter;
  /** Handles a delivery and settles it through the session, immediately or later. */
  readonly handle: (message: ConsumeMessage, session: PartitionSession) => Promise<void>;
  readonly deadLetters: DeadLetterPublisher;
  /** Called when a session ends because a message could not be stored. */
  readonly storeFailed: () => void;
}

/** Settles a partition's deliveries for the lifetime of one channel and its writer. */
export class PartitionSession {
  readonly writer: PartitionWriter;
  readonly #logger = new Logger('Partitions');
  readonly #drained = Promise.withResolvers<void>();
  /** Dead letters that are not durable yet; their deliveries are acknowledged afterwards. */
  readonly #pendingDeadLetters = new Set<Promise<void>>();
  /** Number of accepted deliveries that are not acknowledged. */
  #unacknowledged = 0;
  #draining = false;
  #closed = false;

  constructor(
    private readonly partition: number,
    readonly channel: ConfirmChannel,
    private readonly supervised: SupervisedChannel,
    private readonly host: PartitionHost,
  ) {
    this.writer = host.openWriter(partition);
  }

  /** Returns whether to handle a delivery; an unhandled one stays with the broker. */
  accept(): boolean {
    if (this.#draining || this.#closed) return false;
    this.#unacknowledged += 1;
    return true;
  }

  /** Acknowledges a message that is durable elsewhere: in the store, or as a dead letter. */
  acknowledge(message: ConsumeMessage): void {
    if (this.#closed) return;
    try {
      this.channel.ack(message);
    } catch (error) {
      return this.giveUp(error);
    }
    this.supervised.resetBackoff();
    this.#unacknowledged -= 1;
    if (this.#draining && this.#unacknowledged === 0) this.#drained.resolve();
  }

  /** Publishes a message that can never be stored as a dead letter, and then acknowledges it. */
  reject(message: ConsumeMessage, reason: string): void {
    // The broker redelivers the message, which would then be dead-lettered twice.
    if (this.#closed) return;
    const rejecting = this.#reject(message, reason).finally(() => {
      this.#pendingDeadLetters.delete(rejecting);
    });
    this.#pendingDeadLetters.add(rejecting);
  }

  async #reject(message: ConsumeMessage, reason: string): Promise<void> {
    const { partition } = this;
    try {
      await this.host.deadLetters.publish(message, partition, reason);
    } catch (error) {
      return this.giveUp(error);
    }
    const messageId: unknown = message.properties.messageId;
    this.#logger.warn({ partition, messageId, reason }, 'dead letter published');
    this.acknowledge(message);
  }

  /** Closes the channel; the broker redelivers everything that is not acknowledged. */
  giveUp(cause: unknown): void {
    if (this.#closed) return;
    this.supervised.reopen(cause instanceof Error ? cause : new Error(String(cause)));
  }

  /**
   * Gives up because a message cannot be stored now. Waits for pending dead letters first:
   * otherwise their messages would be redelivered and dead-lettered twice.
   */
  async giveUpOnStore(cause: unknown): Promise<void> {
    await Promise.all(this.#pendingDeadLetters);
    if (this.#closed) return;
    this.giveUp(cause);
    // A store that rejects a second writer is reachable.
    if (!(cause instanceof ConflictingWriterError)) this.host.storeFailed();
  }

  /**
   * Accepts no further deliveries. Resolves once all accepted ones are acknowledged, or after the
   * timeout, but not before all pending dead letters are confirmed or have failed: the next owner
   * of the partition would publish them a second time.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    if (this.#unacknowledged === 0) return;
    await withTimeout(this.#drained.promise, timeoutMs).catch(() => undefined);
    await Promise.all(this.#pendingDeadLetters);
  }

  /** Ends the session after its channel closed: later outcomes of deliveries are ignored. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#drained.resolve();
    await this.writer.abandon();
  }
}
