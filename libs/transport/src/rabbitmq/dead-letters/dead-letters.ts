import { connect, type ChannelModel, type ConfirmChannel, type GetMessage } from 'amqplib';
import { publishConfirmed } from '../connection/publish-confirmed.ts';
import {
  DEAD_LETTER_QUEUE,
  declareTopology,
  EVENTS_EXCHANGE,
  routingKeyOf,
  routingKeyOfRoom,
} from '../topology.ts';
import { readDeadLetter, type DeadLetter } from './dead-letter.ts';

const CONNECT_TIMEOUT_MS = 5_000;

/** Lists and replays the messages of the dead-letter queue, for operators. */
export class DeadLetters {
  private constructor(private readonly connection: ChannelModel) {}

  /** @throws Error when the broker is unreachable; its message contains no password */
  static async open(url: string): Promise<DeadLetters> {
    const connection = await connect(url, { timeout: CONNECT_TIMEOUT_MS });
    // Without a listener the error would be thrown; pending calls reject with it anyway.
    connection.on('error', () => undefined);
    return new DeadLetters(connection);
  }

  /** Yields all dead letters, oldest first, and leaves them in the queue. */
  async *all(): AsyncGenerator<DeadLetter> {
    const channel = await this.#channel();
    try {
      for await (const message of queuedMessages(channel)) yield readDeadLetter(message);
    } finally {
      await closeQuietly(channel);
    }
  }

  /**
   * Appends dead letters to the queues of their partitions, oldest first, as if
   * they were sent now. Each is removed from the dead-letter queue once it is durable there.
   *
   * @param id replays only letters with this id; if omitted, all that are in the queue now
   * @returns the number of replayed letters
   */
  async replay(id?: string): Promise<number> {
    const channel = await this.#channel();
    let replayed = 0;
    try {
      for await (const message of queuedMessages(channel)) {
        const letter = readDeadLetter(message);
        if (id !== undefined && letter.id !== id) continue;
        const routingKey = replayRoutingKey(letter);
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

  /** Closes the connection. */
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

/** Yields the messages that are in the queue at the start, but not those that arrive later. */
async function* queuedMessages(channel: ConfirmChannel): AsyncGenerator<GetMessage> {
  const { messageCount } = await channel.checkQueue(DEAD_LETTER_QUEUE);
  for (let count = 0; count < messageCount; count += 1) {
    const message = await channel.get(DEAD_LETTER_QUEUE);
    if (!message) return;
    yield message;
  }
}

function replayRoutingKey({ roomId, partition }: DeadLetter): string | undefined {
  if (roomId !== undefined) return routingKeyOfRoom(roomId);
  return partition === undefined ? undefined : routingKeyOf(partition);
}

/** Ignores errors: the broker may have closed it already. */
async function closeQuietly(open: { close(): Promise<void> }): Promise<void> {
  await open.close().catch(() => undefined);
}
