import { describe, expect, it } from '@jest/globals';
import { Metrics } from '@chat/platform/monitoring';
import { ReadPositions, RoomStore } from '@chat/rooms';
import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FeedPublisher } from '../feed-publisher.ts';
import { HeadPublisher } from '../head-publisher.ts';
import { MessageStore } from '../message-store.ts';
import { SenderPositions } from './sender-positions.ts';
import { WriterModule } from './writer.module.ts';

describe('WriterModule', () => {
  it('writes the read positions of senders before a global module closes the database', async () => {
    const steps: string[] = [];
    const readPositions: Pick<ReadPositions, 'markSent'> = {
      markSent: () => Promise.resolve(void steps.push('positions written')),
    };
    const unused = [MessageStore, RoomStore, FeedPublisher, HeadPublisher];

    @Global()
    @Module({
      providers: [
        Metrics,
        { provide: ReadPositions, useValue: readPositions },
        ...unused.map((provide) => ({ provide, useValue: {} })),
      ],
      exports: [Metrics, ReadPositions, ...unused],
    })
    class DatabaseModule implements OnApplicationShutdown {
      onApplicationShutdown(): void {
        steps.push('database closed');
      }
    }
    // The global module that is registered last is the first global one to be shut down.
    @Module({ imports: [WriterModule, DatabaseModule] })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    app.get(SenderPositions).add([
      {
        id: 'm1',
        roomId: 'den',
        userId: 'ann',
        username: 'ann',
        text: 'x',
        timestamp: '2026-01-01T00:00:00.000Z',
        seq: 1,
        rev: 1,
      },
    ]);
    await app.close();
    expect(steps).toEqual(['positions written', 'database closed']);
  });
});
