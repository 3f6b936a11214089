import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpError } from '@chat/contracts';
import { PASSWORD } from '@chat/testing';
import { describeChat, startChat, type ChatUnderTest } from '../support/chat-under-test.ts';
import { api } from '../support/api.ts';
import { emitWithAck } from '../support/emit-with-ack.ts';

describeChat('rate limiting', () => {
  let server: ChatUnderTest;
  beforeAll(async () => {
    server = await startChat({
      SEND_RATE: '5',
      SEND_BURST: '10',
      SIGN_IN_RATE: '1',
      SIGN_IN_BURST: '12',
      FAILED_SIGN_INS_PER_MINUTE: '3',
    });
  });
  afterAll(() => server.close());

  it('rejects sends beyond the burst until retryAfterMs has passed', async () => {
    const ann = await server.register();
    const socket = await ann.connect();
    await emitWithAck(socket, 'joinRoom', 'general');
    const send = (n: number) =>
      emitWithAck(socket, 'sendMessage', { roomId: 'general', text: String(n) });
    const acks = await Promise.all(Array.from({ length: 15 }, (_, n) => send(n)));
    const accepted = acks.filter(({ ok }) => ok).length;
    expect(accepted).toBeGreaterThanOrEqual(10);
    expect(accepted).toBeLessThan(15);
    const rejected = acks.find((ack) => !ack.ok);
    if (!rejected) throw new Error('no send was rejected');
    const { code, retryAfterMs = 0 } = rejected.error;
    expect(code).toBe('RATE_LIMITED');
    expect(retryAfterMs).toBeGreaterThan(0);
    await delay(retryAfterMs + 5);
    expect(await send(99)).toMatchObject({ ok: true });
    expect(await ann.history('general', accepted + 1)).toHaveLength(accepted + 1);
  });

  const signIn = (email: string, password: string) =>
    api<HttpError>(server.addresses, 'POST', '/auth/login', { body: { email, password } });

  it('rejects sign-ins after 3 failures per account, whether or not the account exists', async () => {
    const ann = await server.register();
    const outcomes = async (email: string): Promise<[string, string][]> => {
      const codes: [string, string][] = [];
      for (let guess = 0; guess < 4; guess += 1) {
        const response = await signIn(email, `guess ${guess}`);
        codes.push([response.body.code, response.body.message]);
        if (response.status === 429) {
          expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
        }
      }
      return codes;
    };
    const known = await outcomes(ann.email);
    const limited = ['UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED', 'RATE_LIMITED'];
    expect(known.map(([code]) => code)).toEqual(limited);
    expect(await outcomes('unknown@example.com')).toEqual(known);
    expect((await signIn(ann.email, PASSWORD)).body.code).toBe('RATE_LIMITED');
  });

  it('returns 429 for a burst of sign-ins from one address', async () => {
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, n) => signIn(`unknown-${n}@example.com`, 'guess')),
    );
    const rejected = responses.filter(({ status }) => status === 429);
    expect(rejected.length).toBeGreaterThan(0);
    expect(Number(rejected[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(rejected[0]?.body.code).toBe('RATE_LIMITED');
  });
});
