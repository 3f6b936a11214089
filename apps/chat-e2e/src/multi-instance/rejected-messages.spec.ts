import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MESSAGE_CREATE, partitionOf, type MessageCreate } from '@chat/messages/commands';
import { ServicesTopology, sharedServers, until } from '@chat/testing';
import { describeWithServices } from '@chat/testing/suites';
import { connect } from 'amqplib';
import { TestUser } from '../support/test-user.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { singleOrigin } from '../support/addresses.ts';
import { metric } from '../support/metrics.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const VIRTUAL_HOST = 'rejected-messages';
/** Larger than MongoDB's document limit of 16 MiB. */
const TOO_LARGE = 'x'.repeat(17_000_000);

await describeWithServices('a message too large for MongoDB', () => {
  let rabbitmqUrl: string;
  let topology: ServicesTopology;
  let user: TestUser;
  beforeAll(async () => {
    const servers = await sharedServers(VIRTUAL_HOST);
    rabbitmqUrl = `amqp://guest:guest@127.0.0.1:${servers.rabbitmq.port}/${VIRTUAL_HOST}`;
    topology = await ServicesTopology.start({ servers });
    user = await TestUser.register(singleOrigin(topology.gatewayUrl));
  }, 90_000);
  afterAll(async () => {
    user.close();
    await topology.close();
  });

  /** Publishes directly to the broker, because `chat` never accepts such a message. */
  async function publish(event: MessageCreate): Promise<void> {
    const connection = await connect(rabbitmqUrl);
    const channel = await connection.createConfirmChannel();
    const content = Buffer.from(JSON.stringify({ pattern: MESSAGE_CREATE, data: event }));
    const key = String(partitionOf(event.roomId));
    channel.publish('chat.messages.16', key, content, { persistent: true, messageId: event.id });
    await channel.waitForConfirms();
    await connection.close();
  }

  async function listDeadLetters(): Promise<string> {
    const args = ['run', '--silent', 'dead-letters', '--', 'list'];
    const env = { ...process.env, RABBITMQ_URL: rabbitmqUrl };
    return (await promisify(execFile)('npm', args, { cwd: ROOT, env })).stdout;
  }

  it('is dead-lettered and counted, while its partition keeps storing other messages', async () => {
    const socket = await user.connect();
    const [room, neighbour] = roomsInOnePartition();
    for (const roomId of [room, neighbour]) {
      await emitWithAck(socket, 'joinRoom', roomId);
      await emitWithAck(socket, 'sendMessage', { roomId, text: 'before' });
      await user.waitForSeq(roomId, 1);
    }
    const poison: MessageCreate = {
      id: 'poison'.padEnd(22, '-'),
      roomId: room,
      userId: user.id,
      username: user.username,
      text: TOO_LARGE,
      clientMessageId: 'poison',
      timestamp: new Date().toISOString(),
    };
    await publish(poison);
    for (const roomId of [neighbour, room]) {
      expect(await emitWithAck(socket, 'sendMessage', { roomId, text: 'after' })).toMatchObject({
        ok: true,
      });
    }
    for (const roomId of [neighbour, room]) {
      const history = await user.history(roomId, 2);
      expect(history.map(({ seq, rev, text }) => [seq, rev, text])).toEqual([
        [1, 1, 'before'],
        [2, 2, 'after'],
      ]);
    }
    const rejections = () => metric(topology.instance('messages'), 'chat_store_refusals_total');
    await until('the rejection is counted', async () => (await rejections()) === 1);
    await until('the dead letter is listed', async () => {
      const listed = await listDeadLetters();
      return (
        listed.includes(poison.id) &&
        listed.includes(`${room}  Rejected by the store: the document is too large.`)
      );
    });
    expect(await rejections()).toBe(1);
  }, 60_000);
});

/** Returns the ids of two public rooms in the same partition. */
function roomsInOnePartition(): [string, string] {
  const partition = partitionOf('room-0');
  for (let n = 1; ; n += 1)
    if (partitionOf(`room-${n}`) === partition) return ['room-0', `room-${n}`];
}
