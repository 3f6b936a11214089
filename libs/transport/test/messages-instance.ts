import {
  DeletedRooms,
  MessageStore,
  PartitionWriters,
  RoomHeads,
  SenderPositions,
  WriterMetrics,
} from '@chat/messages';
import { MessageEventsModule } from '@chat/messages/events';
import { Metrics } from '@chat/platform/monitoring';
import { Logger, Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PartitionedRmqServer } from '../src/rabbitmq/partitioned-rmq-server.ts';

const LOG_LEVELS = process.env['SHOW_LOGS'] ? (['log', 'warn', 'error'] as const) : [];
Logger.overrideLogger([...LOG_LEVELS]);

/** The consumer of a `messages` process: its handlers, and the server that delivers to them. */
export interface MessagesInstance {
  readonly app: INestMicroservice;
  readonly server: PartitionedRmqServer;
}

export const HEARTBEAT_MS = 200;
const GIVE_UP_MS = 400;

const NO_DELETED_ROOMS: DeletedRooms = { deletedOf: () => Promise.resolve(new Set()) };

export interface InstanceOptions {
  /** Handlers in addition to those of `messages`. */
  readonly controllers?: Type[];
  readonly deletedRooms?: DeletedRooms;
  readonly heartbeatMs?: number;
  readonly drainTimeoutMs?: number;
}

export async function startMessages(
  url: string,
  store: MessageStore,
  {
    controllers = [],
    deletedRooms = NO_DELETED_ROOMS,
    heartbeatMs = HEARTBEAT_MS,
    drainTimeoutMs = 2_000,
  }: InstanceOptions = {},
): Promise<MessagesInstance> {
  const writers = new PartitionWriters(
    store,
    deletedRooms,
    { publish: () => undefined },
    new RoomHeads({ publish: () => undefined }),
    new WriterMetrics(new Metrics()),
    new SenderPositions({ markSent: () => Promise.resolve() } as never),
  );
  const server = new PartitionedRmqServer({
    url,
    heartbeatSeconds: 1,
    name: 'messages',
    partitionHeartbeatMs: heartbeatMs,
    drainTimeoutMs,
    openWriter: (partition) => writers.open(partition, { giveUpAfterMs: GIVE_UP_MS }),
    pingStore: () => store.findByIds(['']),
  });

  @Module({ imports: [MessageEventsModule], controllers })
  class MessagesApp {}

  const app = await NestFactory.createMicroservice(MessagesApp, {
    strategy: server,
    logger: [...LOG_LEVELS],
  });
  await app.listen();
  return { app, server };
}
