import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { until } from '@chat/testing';
import type { TestUser, ClientSocket } from '../support/test-user.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { describeChat, startChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { expectResponsive, measureAttack } from '../support/measure-attack.ts';

const ROOM = 'crowd';
const ACCOUNTS = 6;
/** Sockets of each user; fewer than the limit per user. */
const SOCKETS = 90;
const BURST = 400;

/** A socket in the room, with the revs that it has received. */
interface Member {
  readonly socket: ClientSocket;
  readonly revs: number[];
}

describeChat('a room with hundreds of sockets', () => {
  let chat: ChatUnderTest;
  const members: Member[] = [];
  const closed: string[] = [];

  beforeAll(async () => {
    chat = await startChat({ SEND_RATE: '10000', SEND_BURST: '10000' });
    for (let n = 0; n < ACCOUNTS; n += 1) {
      const user = await chat.register('member');
      members.push(...(await Promise.all(Array.from({ length: SOCKETS }, () => join(user)))));
    }
  }, 120_000);
  afterAll(() => chat.close());

  async function join(user: TestUser): Promise<Member> {
    const socket = await user.connect();
    const revs: number[] = [];
    socket.on('receiveMessage', ({ rev }: Message) => revs.push(rev));
    socket.on('disconnect', (reason) => closed.push(reason));
    expect(await emitWithAck(socket, 'joinRoom', ROOM, 30_000)).toMatchObject({ ok: true });
    return { socket, revs };
  }

  it('delivers bursts once and in order to every socket, and stays responsive', async () => {
    let sent = 0;
    const report = await measureAttack(chat, async () => {
      const senders = members.filter((_member, index) => index % SOCKETS === 0);
      for (let n = 0; n < BURST; n += 1) {
        senders[n % senders.length]?.socket.emit('sendMessage', { roomId: ROOM, text: `${n}` });
      }
      sent += BURST;
      await until(
        'every socket received all messages',
        () => members.every(({ revs }) => revs.length >= sent),
        60_000,
      );
    });
    const all = Array.from({ length: sent }, (_, index) => index + 1);
    for (const { revs } of members) expect(revs).toEqual(all);
    expect(closed).toEqual([]);
    expectResponsive(report);
  }, 240_000);
});
