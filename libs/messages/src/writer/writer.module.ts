import { Module } from '@nestjs/common';
import { CachedDeletedRooms } from './cached-deleted-rooms.ts';
import { DeletedRooms } from './deleted-rooms.ts';
import { PartitionWriters } from './partition-writers.ts';
import { RoomHeads } from './room-heads.ts';
import { SenderPositions } from './sender-positions.ts';
import { WriterMetrics } from './writer-metrics.ts';

/**
 * Provides partition writers. Not global: Nest shuts global modules down last, among them the one
 * that closes the connection to the database, which `SenderPositions` still needs.
 */
@Module({
  providers: [
    PartitionWriters,
    RoomHeads,
    SenderPositions,
    WriterMetrics,
    { provide: DeletedRooms, useClass: CachedDeletedRooms },
  ],
  exports: [PartitionWriters],
})
export class WriterModule {}
