import { partitionOf, PARTITION_COUNT, type Message, type MessageCreate } from '@chat/contracts';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { FeedPublisher } from '../feed-publisher.ts';
import { MessageStore } from '../message-store.ts';
import { PartitionWriter } from './partition-writer.ts';

/** The writers of all partitions, for a process that owns them all. */
@Injectable()
export class MessageWriter implements OnApplicationShutdown {
  readonly #logger = new Logger(MessageWriter.name);
  readonly #partitions: PartitionWriter[];

  constructor(store: MessageStore, feed: FeedPublisher) {
    this.#partitions = Array.from({ length: PARTITION_COUNT }, (_, partition) => {
      return new PartitionWriter(store, feed, {
        stored: (messages) => {
          for (const { id, roomId, seq } of messages) {
            this.#logger.debug({ messageId: id, roomId, seq, partition }, 'message stored');
          }
        },
        failed: (error, attempt, retryInMs) => {
          this.#logger.error({ err: error, partition, attempt, retryInMs }, 'storing failed');
        },
      });
    });
  }

  /** As {@link PartitionWriter.write}, in the partition of the event's room. */
  write(event: MessageCreate): Promise<Message> {
    const writer = this.#partitions[partitionOf(event.roomId)];
    if (!writer) throw new Error(`no writer for the partition of room ${event.roomId}`);
    return writer.write(event);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#partitions.map((writer) => writer.close()));
  }
}
