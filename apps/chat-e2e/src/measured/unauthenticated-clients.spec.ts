import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { SocketError } from '@chat/contracts';
import { until } from '@chat/testing';
import { io } from 'socket.io-client';
import { emitWithAck } from '../support/emit-with-ack.ts';
import { describeChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { metric } from '../support/metrics.ts';
import { openRawWebSocket, textFrame } from '../support/raw-web-socket.ts';
import {
  ATTACKER,
  expectResponsive,
  startChatForAttack,
  measureAttack,
} from '../support/measure-attack.ts';

const CONNECT = '40';
const CONNECT_FRAMES = 500_000;
const MAX_PAYLOAD = 64 * 1024;
const SESSIONS = 12_000;
const SESSIONS_DURATION_MS = 5_000;
/** Concurrent requests from the attacker. */
const IN_FLIGHT = 200;
const HONEST_SOCKETS = 200;

describeChat('the socket server', () => {
  let chat: ChatUnderTest;
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  beforeAll(async () => {
    chat = await startChatForAttack();
  });
  afterAll(async () => {
    agent.destroy();
    await chat.close();
  });

  const pollingRequest = async (
    sid?: string,
    body?: string,
  ): Promise<{ status: number; text: string }> => {
    const session = sid === undefined ? '' : `&sid=${sid}`;
    const url = `${chat.addresses.chat}/socket.io/?EIO=4&transport=polling${session}`;
    const handshake = request(url, {
      agent,
      method: body === undefined ? 'GET' : 'POST',
      headers: ATTACKER,
    });
    handshake.end(body);
    const [response] = (await once(handshake, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, text: await text(response) };
  };
  const openSession = async (): Promise<string> =>
    (JSON.parse((await pollingRequest()).text.slice(1)) as { sid: string }).sid;
  const countRejections = (reason: string): Promise<number> =>
    metric(chat.processOf('chat'), 'chat_connections_refused_total', `reason="${reason}"`);

  it('closes a WebSocket that sends CONNECT packets without a token and does not read', async () => {
    const frames = Buffer.concat(Array.from({ length: CONNECT_FRAMES }, () => textFrame(CONNECT)));
    const before = await countRejections('protocol');
    const report = await measureAttack(chat, async () => {
      const socket = await openRawWebSocket(chat.addresses, ATTACKER);
      socket.write(frames);
      // A client that does not read detects the close only by a failed write.
      for (; !socket.destroyed; await delay(20)) socket.write(textFrame(CONNECT));
    });
    expectResponsive(report);
    expect(await countRejections('protocol')).toBeGreaterThan(before);
  });

  it('closes a session whose polling request is full of CONNECT packets', async () => {
    const packets = Math.floor(MAX_PAYLOAD / (CONNECT.length + 1));
    const body = Array.from({ length: packets }, () => CONNECT).join('\x1e');
    let responseLength = 0;
    const report = await measureAttack(chat, async () => {
      const sid = await openSession();
      const poll = pollingRequest(sid).catch(() => ({ status: 0, text: '' }));
      await pollingRequest(sid, body).catch(() => undefined);
      responseLength = (await poll).text.length;
      expect((await pollingRequest(sid)).status).toBe(400);
    });
    expectResponsive(report);
    expect(responseLength).toBeLessThan(1_000);
  });

  it('returns 429 when one address opens too many unauthenticated sessions', async () => {
    const statuses = new Map<number, number>();
    const report = await measureAttack(chat, async () => {
      const startedAt = performance.now();
      let sent = 0;
      const open = async (): Promise<void> => {
        while (sent < SESSIONS) {
          sent += 1;
          const due = startedAt + (sent * SESSIONS_DURATION_MS) / SESSIONS;
          if (due > performance.now()) await delay(due - performance.now());
          const { status } = await pollingRequest();
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, open));
    });
    expectResponsive(report);
    expect([...statuses.keys()].toSorted()).toEqual([200, 429]);
    expect(statuses.get(200)).toBeLessThan(SESSIONS / 2);
  }, 120_000);

  it('emits connect_error with UNAUTHORIZED to an official client with an invalid token', async () => {
    const before = await countRejections('connect_refused');
    for (const transports of [['websocket'], ['polling', 'websocket']]) {
      const client = io(chat.addresses.chat, {
        auth: { token: 'expired' },
        transports,
        forceNew: true,
      });
      const error = await new Promise<Error & { data?: SocketError }>((resolve) =>
        client.once('connect_error', resolve),
      );
      expect(error.data?.code).toBe('UNAUTHORIZED');
      client.close();
    }
    expect(await countRejections('connect_refused')).toBe(before + 2);
  });

  it('accepts a client that connects 50 times in quick succession', async () => {
    const ann = await chat.register();
    for (let times = 0; times < 50; times += 1) (await ann.connect()).disconnect();
    const socket = await ann.connect({ transports: ['polling', 'websocket'] });
    expect(await emitWithAck(socket, 'joinRoom', 'general')).toMatchObject({ ok: true });
  });

  it('accepts 200 sockets that connect simultaneously from one address', async () => {
    const users = await Promise.all(
      Array.from({ length: HONEST_SOCKETS / 50 }, () => chat.register()),
    );
    const sockets = await Promise.all(
      users.flatMap((user) => Array.from({ length: 50 }, () => user.connect())),
    );
    await Promise.all(sockets.map((socket) => emitWithAck(socket, 'joinRoom', 'general')));
    await until('all are connected', () => sockets.every(({ connected }) => connected));
  });
});
