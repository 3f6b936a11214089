import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ChatError } from '../chat-error.ts';
import { type HttpRequest, HttpTransport } from './http-transport.ts';
import { parseServerUrl } from '../server-url.ts';

const READ: HttpRequest = { method: 'GET', path: '/rooms' };
const WRITE: HttpRequest = { method: 'POST', path: '/rooms', body: {} };

/** Simulated outcome of one attempt. `silence`: no response; `break`: the connection breaks. */
type Reply = 'silence' | 'break' | { status: number; retryAfter?: string; afterMs?: number };

const OK: Reply = { status: 200 };
const UNAVAILABLE: Reply = { status: 503 };

let transport: HttpTransport;
let startedAt: number;
/** Time of each attempt in milliseconds since the test started. */
let attemptsAt: number[];

beforeEach(() => {
  jest.useFakeTimers();
  transport = new HttpTransport(parseServerUrl('http://chat.example'));
  startedAt = Date.now();
  attemptsAt = [];
});

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** Simulates the replies to consecutive attempts; the last one is repeated. */
function simulate(...all: Reply[]): void {
  jest.spyOn(globalThis, 'fetch').mockImplementation((_url, init) => {
    const reply = all[Math.min(attemptsAt.length, all.length - 1)] ?? OK;
    attemptsAt.push(elapsed());
    return new Promise((resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      if (reply === 'break') reject(new TypeError('fetch failed'));
      else if (reply !== 'silence') setTimeout(() => resolve(response(reply)), reply.afterMs ?? 0);
    });
  });
}

function response({ status, retryAfter }: Exclude<Reply, string>): Response {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
  };
  return new Response('{}', { status, headers });
}

function elapsed(): number {
  return Date.now() - startedAt;
}

/** Returns the data or error of the request, and its duration. */
async function outcome(request: HttpRequest): Promise<{ result: unknown; afterMs: number }> {
  const settled = transport
    .request(request)
    .then(
      ({ data }) => data,
      (error: unknown) => error,
    )
    .then((result) => ({ result, afterMs: elapsed() }));
  await jest.advanceTimersByTimeAsync(200_000);
  return settled;
}

describe('A GET request of HttpTransport', () => {
  it.each<[string, Reply]>([
    ['no response arrives', 'silence'],
    ['the connection breaks', 'break'],
    ['the server returns 503', UNAVAILABLE],
    ['the server returns 429', { status: 429, retryAfter: '1' }],
  ])('is retried when %s', async (_name, reply) => {
    simulate(reply, OK);
    expect((await outcome(READ)).result).toEqual({});
    expect(attemptsAt).toHaveLength(2);
  });

  it('fails with UNAVAILABLE after 3 retries that all return 503', async () => {
    simulate(UNAVAILABLE);
    expect((await outcome(READ)).result).toMatchObject({ code: 'UNAVAILABLE', status: 503 });
    expect(attemptsAt).toHaveLength(4);
  });

  it.each([
    [0, [0, 100, 300, 633]],
    [0.5, [0, 200, 600, 1_267]],
  ])('is retried with a jittered backoff when Math.random() is %d', async (random, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(random);
    simulate('break');
    await outcome(READ);
    expect(attemptsAt).toHaveLength(expected.length);
    for (const [n, ms] of expected.entries()) {
      expect(Math.abs((attemptsAt[n] ?? NaN) - ms)).toBeLessThanOrEqual(5);
    }
  });

  it.each(['1', '3', '10'])(
    'is not retried before a Retry-After of %s s has passed',
    async (retryAfter) => {
      simulate({ status: 503, retryAfter }, OK);
      expect((await outcome(READ)).result).toEqual({});
      expect(attemptsAt[1]).toBeGreaterThanOrEqual(Number(retryAfter) * 1_000);
    },
  );

  it('fails with UNAVAILABLE immediately when Retry-After is 60 s', async () => {
    simulate({ status: 503, retryAfter: '60' });
    const { result, afterMs } = await outcome(READ);
    expect(result).toBeInstanceOf(ChatError);
    expect(result).toMatchObject({ code: 'UNAVAILABLE', status: 503, retryAfterMs: 60_000 });
    expect(attemptsAt).toHaveLength(1);
    expect(afterMs).toBeLessThan(100);
  });

  it('is retried within 6 s when no response arrives', async () => {
    simulate('silence', OK);
    expect((await outcome(READ)).result).toEqual({});
    expect(attemptsAt[1]).toBeLessThan(6_000);
  });

  it('fails with TIMEOUT within 25 s when no attempt gets a response', async () => {
    simulate('silence');
    const { result, afterMs } = await outcome(READ);
    expect(result).toMatchObject({ code: 'TIMEOUT' });
    expect(afterMs).toBeLessThan(25_000);
  });

  it('fails with CLOSED immediately when the transport is closed during a backoff', async () => {
    simulate({ status: 503, retryAfter: '10' });
    setTimeout(() => transport.close(), 500);
    const { result, afterMs } = await outcome(READ);
    expect(result).toMatchObject({ code: 'CLOSED' });
    expect(afterMs).toBe(500);
    expect(attemptsAt).toHaveLength(1);
  });
});

describe('A POST request of HttpTransport', () => {
  it.each<[string, Reply]>([
    ['no response arrives', 'silence'],
    ['the connection breaks', 'break'],
    ['the server returns 503', { status: 503, retryAfter: '1' }],
  ])('fails without a retry when %s', async (_name, reply) => {
    simulate(reply, OK);
    expect((await outcome(WRITE)).result).toBeInstanceOf(ChatError);
    expect(attemptsAt).toHaveLength(1);
  });
});

describe('The timeout of a POST request', () => {
  it('is long enough for a 504 that the gateway sends after 15.5 s', async () => {
    simulate({ status: 504, retryAfter: '1', afterMs: 15_500 });
    expect((await outcome(WRITE)).result).toMatchObject({
      code: 'UNAVAILABLE',
      status: 504,
      retryAfterMs: 1_000,
    });
  });

  it('aborts the request with TIMEOUT when no response arrives within 17 s', async () => {
    simulate('silence');
    const { result, afterMs } = await outcome(WRITE);
    expect(result).toMatchObject({ code: 'TIMEOUT' });
    expect(afterMs).toBe(17_000);
  });
});
