import type { Message } from '@chat/contracts';
import { Injectable, Logger } from '@nestjs/common';
import type { MessageCreate } from '../message-create/message-create.ts';
import { FeedPublisher } from '../feed-publisher.ts';
import { MessageStore, type RejectedMessageError } from '../message-store.ts';
import { DeletedRooms } from './deleted-rooms.ts';
import { PartitionWriter, type WriterLimits } from './partition-writer.ts';
import { RejectionLimit } from './rejection-limit.ts';
import { WriterMetrics } from './writer-metrics.ts';

/** Opens partition writers, with logs and metrics. */
@Injectable()
export class PartitionWriters {
  readonly #logger = new Logger(PartitionWriters.name);
  readonly #rejectionLimits = new Map<number, RejectionLimit>();

  constructor(
    private readonly store: MessageStore,
    private readonly deletedRooms: DeletedRooms,
    private readonly feed: FeedPublisher,
    private readonly metrics: WriterMetrics,
  ) {}

  /** Opens a writer with an empty cache: it reads the head of every room from the store. */
  open(partition: number, limits?: WriterLimits): PartitionWriter {
    const observer = {
      stored: (messages: readonly Message[]) => {
        this.metrics.stored(messages);
        for (const { id, roomId, seq } of messages) {
          this.#logger.debug({ messageId: id, roomId, seq, partition }, 'message stored');
        }
      },
      failed: (error: unknown, attempt: number, retryInMs: number) => {
        this.metrics.failed();
        this.#logger.error(
          { err: error, partition, attempt, retryInMs },
          'batch write failed; retrying',
        );
      },
      rejected: ({ id, roomId }: MessageCreate, error: RejectedMessageError) => {
        this.metrics.rejected();
        this.#logger.error(
          { err: error, messageId: id, roomId, partition, reason: error.reason },
          'message refused by the store',
        );
      },
      stopped: (forMs: number) => {
        this.#logger.error({ partition, forMs }, 'partition stopped; too many messages refused');
      },
    };
    return new PartitionWriter(
      this.store,
      this.deletedRooms,
      this.feed,
      observer,
      this.#rejectionLimitOf(partition),
      limits,
    );
  }

  #rejectionLimitOf(partition: number): RejectionLimit {
    const limit = this.#rejectionLimits.get(partition) ?? new RejectionLimit();
    this.#rejectionLimits.set(partition, limit);
    return limit;
  }
}
