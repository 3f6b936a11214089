import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { partitionOf, PARTITION_COUNT } from '../commands/partitions.ts';
import type { LogEntry } from '../log/log-entry.ts';
import type { Command } from '../commands/command.ts';
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

  /** Like {@link PartitionWriter.write}, in the partition of the command's room. */
  write(command: Command): Promise<LogEntry> {
    const writer = this.#partitions[partitionOf(command.roomId)];
    if (!writer) throw new Error(`no writer for the partition of room ${command.roomId}`);
    return writer.write(command);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#partitions.map((writer) => writer.close()));
  }
}
