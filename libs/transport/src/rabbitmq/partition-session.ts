import { ConflictingWriterError, type PartitionWriter } from '@chat/messages';
import { Logger } from '@nestjs/common';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { within } from './time-limit.ts';

/** What follows a session's outcomes; the supervision of its channel. */
export interface SessionEnd {
  succeeded(): void;
  giveUp(reason: Error): void;
}

/** What the instance does for its sessions. */
export interface SessionHost {
  /** Resolves once the message is durable among the dead letters. */
  putAside(message: ConsumeMessage, partition: number, reason: string): Promise<void>;
  /** Told when a session ends because something could not be stored. */
  storeFailed(): void;
}

/** A partition for as long as one channel lives: the channel, its writer, and what is in hand. */
export class PartitionSession {
  readonly #logger = new Logger('Partitions');
  readonly #drained = Promise.withResolvers<void>();
  /** Dead letters on their way, whose messages are acknowledged once they are durable. */
  readonly #puttingAside = new Set<Promise<void>>();
  #inHand = 0;
  #draining = false;
  #closed = false;

  constructor(
    readonly partition: number,
    readonly channel: ConfirmChannel,
    readonly writer: PartitionWriter,
    private readonly end: SessionEnd,
    private readonly host: SessionHost,
  ) {}

  /** Whether a delivery is to be handled; one that is not stays with the broker. */
  accept(): boolean {
    if (this.#draining || this.#closed) return false;
    this.#inHand += 1;
    return true;
  }

  acknowledge(message: ConsumeMessage): void {
    if (this.#closed) return;
    try {
      this.channel.ack(message);
    } catch (error) {
      return this.giveUp(error);
    }
    this.end.succeeded();
    this.#done();
  }

  reject(message: ConsumeMessage, reason: string): Promise<void> {
    const rejecting = this.#reject(message, reason).finally(() => {
      this.#puttingAside.delete(rejecting);
    });
    this.#puttingAside.add(rejecting);
    return rejecting;
  }

  async #reject(message: ConsumeMessage, reason: string): Promise<void> {
    const { partition } = this;
    try {
      await this.host.putAside(message, partition, reason);
    } catch (error) {
      return this.giveUp(error);
    }
    const messageId: unknown = message.properties.messageId;
    this.#logger.warn({ partition, messageId, reason }, 'message put among the dead letters');
    this.acknowledge(message);
  }

  giveUp(cause: unknown): void {
    if (this.#closed) return;
    this.end.giveUp(cause instanceof Error ? cause : new Error(String(cause)));
  }

  /**
   * What is in hand cannot be stored now. Dead letters on their way are waited for: given up,
   * they would be delivered again, and put aside once more.
   */
  async giveUpOnStore(cause: unknown): Promise<void> {
    await Promise.all(this.#puttingAside);
    if (this.#closed) return;
    this.giveUp(cause);
    // A store that refuses a second writer is there.
    if (!(cause instanceof ConflictingWriterError)) this.host.storeFailed();
  }

  /**
   * Accepts no further delivery; resolves once all accepted ones are acknowledged, or after the
   * timeout. Dead letters that are being published are waited for in any case, until they are
   * confirmed or have failed: the next owner of the partition would publish them a second time.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    if (this.#inHand === 0) return;
    await within(timeoutMs, this.#drained.promise).catch(() => undefined);
    await Promise.all(this.#puttingAside);
  }

  /** Its channel is gone: whatever comes to an end now changes nothing for the broker. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#drained.resolve();
    await this.writer.abandon();
  }

  #done(): void {
    this.#inHand -= 1;
    if (this.#draining && this.#inHand === 0) this.#drained.resolve();
  }
}
