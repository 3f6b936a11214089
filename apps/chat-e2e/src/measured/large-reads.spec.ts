import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { until } from '@chat/testing';
import type { Account, ClientSocket } from '../support/account.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { describeChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { metric } from '../support/metrics.ts';
import {
  ATTACKER,
  expectUnharmed,
  startAttackedChat,
  underAttack,
} from '../support/under-attack.ts';

/** A text of maximum length: 12 kB each, 2.4 MB per page. */
const TEXT = '\u20AC'.repeat(4_000);
const MESSAGES = 200;
/** Messages that are sent at once. */
const TOGETHER = 20;
const REQUESTS = 400;
const JOINS = 1_000;
const CONNECTIONS = 16;
/** Duration of an attack, in milliseconds. */
const ATTACK_MS = 4_000;

describeChat('the server', () => {
  let chat: ChatUnderTest;
  let author: Account;

  beforeAll(async () => {
    chat = await startAttackedChat({ SEND_RATE: '10000', SEND_BURST: '10000' });
    author = await chat.register('author');
    const socket = await author.connect();
    await emitWithAck(socket, 'joinRoom', 'large');
    for (let n = 0; n < MESSAGES; n += TOGETHER) {
      await Promise.all(
        Array.from({ length: TOGETHER }, () =>
          emitWithAck(socket, 'sendMessage', { roomId: 'large', text: TEXT }),
        ),
      );
    }
    await author.stored('large', MESSAGES);
    socket.disconnect();
  });
  afterAll(async () => {
    await chat.close();
  });

  const accounts: Account[] = [];
  const register = async (name: string): Promise<Account> => {
    const account = await chat.register(name);
    accounts.push(account);
    return account;
  };
  // Also after a failed test: open clients would reconnect forever.
  afterEach(() => {
    for (const account of accounts.splice(0)) account.close();
  });

  const sockets: Socket[] = [];
  /** Pipelines requests for pages without reading the answers. */
  const readNothing = async ({ token }: Account, requests: number): Promise<void> => {
    const { hostname, port } = new URL(chat.at.messages);
    const socket = connect(Number(port), hostname);
    // The server resets the connection at its limit.
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
    await until('no answer is pending', async () => (await pendingBytes()) === 0);
  };
  const refused = async (...limits: string[]): Promise<number> => {
    const counts = limits.map((limit) =>
      metric(chat.processOf('messages'), 'chat_refusals_total', `limit="${limit}"`),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };
  /** Sum of both limits, by number and by bytes: the rate of the requests decides which applies. */
  const refusedReads = () => refused('user_reads', 'user_read_bytes');

  it('stays responsive when one connection pipelines large reads and reads no answer', async () => {
    const eve = await register('eve');
    const report = await underAttack(chat, async () => {
      await readNothing(eve, REQUESTS);
      await delay(ATTACK_MS);
      await disconnectAll();
    });
    expectUnharmed(report);
  });

  it('refuses reads and stays responsive when 400 connections read no answer', async () => {
    const eve = await register('eve');
    const before = await refusedReads();
    const report = await underAttack(chat, async () => {
      await Promise.all(Array.from({ length: REQUESTS }, () => readNothing(eve, 1)));
      await delay(ATTACK_MS);
      await disconnectAll();
    });
    expectUnharmed(report);
    expect((await refusedReads()) - before).toBeGreaterThan(100);
  });

  it.each([
    ['200 missed messages', 0],
    ['80 missed messages', MESSAGES - 80],
    ['15 missed messages', MESSAGES - 15],
  ])('rate-limits a burst of 1,000 joins after %s and stays responsive', async (_name, since) => {
    const report = await underAttack(chat, async () => {
      const eve = await register('eve');
      const socket = await eve.connect();
      const join = () =>
        emitWithAck(socket, 'joinRoom', { roomId: 'large', since }).catch(
          () => ({ ok: false }) as const,
        );
      const answers = Array.from({ length: JOINS }, join);
      const codes = (await Promise.all(answers)).map((one) =>
        'error' in one ? one.error.code : 'ok',
      );
      expect(codes.filter((code) => code !== 'ok' && code !== 'RATE_LIMITED')).toEqual([]);
      expect(codes).toContain('RATE_LIMITED');
    });
    expectUnharmed(report);
  });

  it('limits memberChanged broadcasts and stays responsive when memberships churn', async () => {
    const eve = await register('eve');
    const ann = await register('ann');
    const witness = await ann.connect();
    await emitWithAck(witness, 'joinRoom', 'churned');
    let broadcasts = 0;
    witness.on('memberChanged', () => (broadcasts += 1));
    const before = await refused('membership_changes');
    const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => eve.connect()));
    const report = await underAttack(chat, async () => {
      /** Joins and leaves the room; returns whether a rate limit refused one of them. */
      const isRefused = async (socket: ClientSocket): Promise<boolean> => {
        const joined = await emitWithAck(socket, 'joinRoom', 'churned');
        await emitWithAck(socket, 'leaveRoom', 'churned');
        const left = await eve.call('DELETE', `/rooms/churned/members/${eve.id}`);
        // A join that another connection's removal overtakes fails with NOT_FOUND.
        return (!joined.ok && joined.error.code === 'RATE_LIMITED') || left.status === 429;
      };
      await Promise.all(
        connections.map(async (socket) => {
          while (!(await isRefused(socket)));
        }),
      );
    });
    expectUnharmed(report);
    // The limit is a burst of 200, and 5/s.
    expect(broadcasts).toBeGreaterThan(0);
    expect(broadcasts).toBeLessThan(400);
    expect(await refused('membership_changes')).toBeGreaterThan(before);
  });
});
