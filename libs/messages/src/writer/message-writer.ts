import type { Message } from '@chat/contracts';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { MessageCreate } from '../message-create/message-create.ts';
import { partitionOf, PARTITION_COUNT } from '../message-create/partitions.ts';
import type { PartitionWriter } from './partition-writer.ts';
import { PartitionWriters } from './partition-writers.ts';

/** Writes to all partitions, in a process that owns them all. */
@Injectable()
export class MessageWriter implements OnApplicationShutdown {
  readonly #partitions: PartitionWriter[];

  constructor(writers: PartitionWriters) {
    this.#partitions = Array.from({ length: PARTITION_COUNT }, (_, partition) =>
      writers.open(partition),
    );
  }

  /** Like {@link PartitionWriter.write}, in the partition of the event's room. */
  write(event: MessageCreate): Promise<Message> {
    const writer = this.#partitions[partitionOf(event.roomId)];
    if (!writer) throw new Error(`no writer for the partition of room ${event.roomId}`);
    return writer.write(event);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#partitions.map((writer) => writer.close()));
  }
}
