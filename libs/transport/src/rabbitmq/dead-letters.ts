import { connect, type ChannelModel, type ConfirmChannel, type GetMessage } from 'amqplib';
import { z } from 'zod';
import { PARTITION_HEADER, REASON_HEADER } from './dead-letter.ts';
import { publishConfirmed } from './publish-confirmed.ts';
import {
  DEAD_LETTER_QUEUE,
  declareTopology,
  EVENTS_EXCHANGE,
  routingKeyOf,
  routingKeyOfRoom,
} from './topology.ts';

const CONNECT_TIMEOUT_MS = 5_000;

const Headers = z.object({
  [REASON_HEADER]: z.string().catch('unknown'),
  [PARTITION_HEADER]: z.number().optional().catch(undefined),
});
/** Whatever somebody has put there: one letter that is not ours hides none of the others. */
const Properties = z.object({
  messageId: z.string().catch(''),
  timestamp: z.number().optional().catch(undefined),
  headers: Headers.catch(Headers.parse({})),
});

const OfRoom = z.object({ data: z.object({ roomId: z.string() }) });

/** A message that could never be stored. */
export interface DeadLetter {
  readonly id: string;
  readonly reason: string;
  /** When it was put aside. */
  readonly diedAt: Date | undefined;
  /** The partition that it came through. */
  readonly partition: number | undefined;
  /** Undefined when it names none. */
  readonly roomId: string | undefined;
  /** As it was published. */
  readonly content: Buffer;
}

/** The dead-letter queue, for operators. */
export class DeadLetters {
  private constructor(private readonly connection: ChannelModel) {}

  /** @throws Error when the broker cannot be reached; its message holds no password */
  static async open(url: string): Promise<DeadLetters> {
    const connection = await connect(url, { timeout: CONNECT_TIMEOUT_MS });
    // Whoever waits for an answer is told of it anyhow.
    connection.on('error', () => undefined);
    return new DeadLetters(connection);
  }

  /** All of them, oldest first; each stays where it is. */
  async *all(): AsyncGenerator<DeadLetter> {
    const channel = await this.#channel();
    try {
      for await (const message of everyMessage(channel)) yield describe(message);
    } finally {
      await closeQuietly(channel);
    }
  }

  /**
   * Appends dead letters to the queues of their partitions, oldest first, as if
   * they were sent now. Each is taken away once it is durable there.
   *
   * @param id only those of this id; without it, all that are there now
   * @returns how many were appended
   */
  async replay(id?: string): Promise<number> {
    const channel = await this.#channel();
    let replayed = 0;
    try {
      for await (const message of everyMessage(channel)) {
        const letter = describe(message);
        if (id !== undefined && letter.id !== id) continue;
        const routingKey = routingKeyOfLetter(letter);
        if (routingKey === undefined) continue;
        await publishConfirmed(channel, EVENTS_EXCHANGE, routingKey, letter.content, {
          messageId: letter.id,
          contentType: 'application/json',
        });
        channel.ack(message);
        replayed += 1;
      }
    } finally {
      await closeQuietly(channel);
    }
    return replayed;
  }

  async close(): Promise<void> {
    await closeQuietly(this.connection);
  }

  async #channel(): Promise<ConfirmChannel> {
    const channel = await this.connection.createConfirmChannel();
    channel.on('error', () => undefined);
    await declareTopology(channel);
    return channel;
  }
}

/** Those that are there at the start: what dies again meanwhile is left for later. */
async function* everyMessage(channel: ConfirmChannel): AsyncGenerator<GetMessage> {
  const { messageCount } = await channel.checkQueue(DEAD_LETTER_QUEUE);
  for (let count = 0; count < messageCount; count += 1) {
    const message = await channel.get(DEAD_LETTER_QUEUE);
    if (!message) return;
    yield message;
  }
}

function describe({ content, properties }: GetMessage): DeadLetter {
  const { messageId, timestamp, headers } = Properties.parse(properties);
  return {
    id: messageId,
    reason: headers[REASON_HEADER],
    diedAt: timestamp === undefined ? undefined : new Date(timestamp * 1_000),
    partition: headers[PARTITION_HEADER],
    roomId: roomOf(content),
    content,
  };
}

function roomOf(content: Buffer): string | undefined {
  try {
    return OfRoom.safeParse(JSON.parse(content.toString())).data?.data.roomId;
  } catch {
    return undefined;
  }
}

function routingKeyOfLetter({ roomId, partition }: DeadLetter): string | undefined {
  if (roomId !== undefined) return routingKeyOfRoom(roomId);
  return partition === undefined ? undefined : routingKeyOf(partition);
}

/** What the broker has closed already need not be closed again. */
async function closeQuietly(open: { close(): Promise<void> }): Promise<void> {
  await open.close().catch(() => undefined);
}
