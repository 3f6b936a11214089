import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { until } from '@chat/testing';
import type { TestUser, ClientSocket } from '../support/test-user.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { describeChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { metric } from '../support/metrics.ts';
import {
  ATTACKER,
  expectResponsive,
  startChatForAttack,
  measureAttack,
} from '../support/measure-attack.ts';

/** A text of maximum length: 12 kB, so a page of 200 messages is 2.4 MB. */
const TEXT = '\u20AC'.repeat(4_000);
const MESSAGES = 200;
/** Messages that are sent concurrently. */
const BATCH_SIZE = 20;
const REQUESTS = 400;
const JOINS = 1_000;
const CONNECTIONS = 16;
/** Duration of an attack, in milliseconds. */
const ATTACK_MS = 4_000;

describeChat('the server', () => {
  let chat: ChatUnderTest;
  let author: TestUser;

  beforeAll(async () => {
    chat = await startChatForAttack({ SEND_RATE: '10000', SEND_BURST: '10000' });
    author = await chat.register('author');
    const socket = await author.connect();
    await emitWithAck(socket, 'joinRoom', 'large');
    for (let n = 0; n < MESSAGES; n += BATCH_SIZE) {
      await Promise.all(
        Array.from({ length: BATCH_SIZE }, () =>
          emitWithAck(socket, 'sendMessage', { roomId: 'large', text: TEXT }),
        ),
      );
    }
    await author.waitForSeq('large', MESSAGES);
    socket.disconnect();
  });
  afterAll(async () => {
    await chat.close();
  });

  const users: TestUser[] = [];
  const register = async (name: string): Promise<TestUser> => {
    const user = await chat.register(name);
    users.push(user);
    return user;
  };
  // Runs after failed tests too: open clients would keep reconnecting.
  afterEach(() => {
    for (const user of users.splice(0)) user.close();
  });

  const sockets: Socket[] = [];
  /** Pipelines page requests without reading the responses. */
  const pipelineWithoutReading = async ({ token }: TestUser, requests: number): Promise<void> => {
    const { hostname, port } = new URL(chat.addresses.messages);
    const socket = connect(Number(port), hostname);
    // The server resets the connection when a limit is reached.
    socket.on('error', () => undefined);
    socket.pause();
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(
      [
        'GET /messages/history/large?limit=200 HTTP/1.1',
        'Host: chat',
        `Authorization: Bearer ${token}`,
        `X-Forwarded-For: ${ATTACKER['x-forwarded-for']}`,
        '\r\n',
      ]
        .join('\r\n')
        .repeat(requests),
    );
  };
  const disconnectAll = async (): Promise<void> => {
    for (const socket of sockets.splice(0)) socket.destroy();
    const pendingBytes = () => metric(chat.processOf('messages'), 'chat_read_bytes');
    await until('no response is pending', async () => (await pendingBytes()) === 0);
  };
  const countRejections = async (...limits: string[]): Promise<number> => {
    const counts = limits.map((limit) =>
      metric(chat.processOf('messages'), 'chat_refusals_total', `limit="${limit}"`),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };
  /** Rejections under both limits (count and bytes): which applies depends on the request rate. */
  const countRejectedReads = () => countRejections('user_reads', 'user_read_bytes');

  it('stays responsive when one connection pipelines large reads but reads no response', async () => {
    const eve = await register('eve');
    const report = await measureAttack(chat, async () => {
      await pipelineWithoutReading(eve, REQUESTS);
      await delay(ATTACK_MS);
      await disconnectAll();
    });
    expectResponsive(report);
  });

  it('rejects reads and stays responsive when 400 connections read no response', async () => {
    const eve = await register('eve');
    const before = await countRejectedReads();
    const report = await measureAttack(chat, async () => {
      await Promise.all(Array.from({ length: REQUESTS }, () => pipelineWithoutReading(eve, 1)));
      await delay(ATTACK_MS);
      await disconnectAll();
    });
    expectResponsive(report);
    expect((await countRejectedReads()) - before).toBeGreaterThan(100);
  });

  it.each([
    ['200 missed messages', 0],
    ['80 missed messages', MESSAGES - 80],
    ['15 missed messages', MESSAGES - 15],
  ])('rate-limits a burst of 1,000 joins after %s and stays responsive', async (_name, since) => {
    const report = await measureAttack(chat, async () => {
      const eve = await register('eve');
      const socket = await eve.connect();
      const join = () =>
        emitWithAck(socket, 'joinRoom', { roomId: 'large', since }).catch(
          () => ({ ok: false }) as const,
        );
      const acks = Array.from({ length: JOINS }, join);
      const codes = (await Promise.all(acks)).map((ack) =>
        'error' in ack ? ack.error.code : 'ok',
      );
      expect(codes.filter((code) => code !== 'ok' && code !== 'RATE_LIMITED')).toEqual([]);
      expect(codes).toContain('RATE_LIMITED');
    });
    expectResponsive(report);
  });

  it('limits memberChanged broadcasts and stays responsive when memberships churn', async () => {
    const eve = await register('eve');
    const ann = await register('ann');
    const observer = await ann.connect();
    await emitWithAck(observer, 'joinRoom', 'churned');
    let broadcasts = 0;
    observer.on('memberChanged', () => (broadcasts += 1));
    const before = await countRejections('membership_changes');
    const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => eve.connect()));
    const report = await measureAttack(chat, async () => {
      /** Joins and leaves the room; returns whether a rate limit rejected it. */
      const isLimited = async (socket: ClientSocket): Promise<boolean> => {
        const joined = await emitWithAck(socket, 'joinRoom', 'churned');
        await emitWithAck(socket, 'leaveRoom', 'churned');
        const left = await eve.call('DELETE', `/rooms/churned/members/${eve.id}`);
        // A join that another connection's removal overtakes fails with NOT_FOUND.
        return (!joined.ok && joined.error.code === 'RATE_LIMITED') || left.status === 429;
      };
      await Promise.all(
        connections.map(async (socket) => {
          while (!(await isLimited(socket)));
        }),
      );
    });
    expectResponsive(report);
    // The limit is 5/s with a burst of 200.
    expect(broadcasts).toBeGreaterThan(0);
    expect(broadcasts).toBeLessThan(400);
    expect(await countRejections('membership_changes')).toBeGreaterThan(before);
  });
});
