import { Injectable, Logger } from '@nestjs/common';
import { FeedPublisher } from '../feed-publisher.ts';
import { isUpdate, type LogEntry } from '../log/log-entry.ts';
import { isCreate, type Command } from '../commands/command.ts';
import { MessageStore, type RejectedMessageError } from '../message-store.ts';
import { DeletedRooms } from './deleted-rooms.ts';
import { PartitionWriter, type WriterLimits } from './partition-writer.ts';
import { RejectionLimit } from './rejection-limit.ts';
import { RoomHeads } from './room-heads.ts';
import { SenderPositions } from './sender-positions.ts';
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
    private readonly roomHeads: RoomHeads,
    private readonly metrics: WriterMetrics,
    private readonly senderPositions: SenderPositions,
  ) {}

  /** Opens a writer with an empty cache: it reads the head of every room from the store. */
  open(partition: number, limits?: WriterLimits): PartitionWriter {
    const observer = {
      stored: (entries: readonly LogEntry[]) => {
        this.metrics.stored(entries);
        this.senderPositions.add(entries);
        for (const entry of entries) {
          const { id, roomId, rev } = entry;
          if (isUpdate(entry)) {
            const { kind } = entry;
            this.#logger.debug({ opId: id, roomId, rev, kind, partition }, 'message update stored');
          } else {
            const { seq } = entry;
            this.#logger.debug({ messageId: id, roomId, seq, partition }, 'message stored');
          }
        }
      },
      failed: (error: unknown, attempt: number, retryInMs: number) => {
        this.metrics.failed();
        this.#logger.error(
          { err: error, partition, attempt, retryInMs },
          'batch write failed; retrying',
        );
      },
      rejected: (command: Command, error: RejectedMessageError) => {
        this.metrics.rejected();
        const messageId = isCreate(command) ? command.id : command.payload.messageId;
        const { roomId } = command;
        this.#logger.error(
          { err: error, messageId, roomId, partition, reason: error.reason },
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
      this.roomHeads,
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
