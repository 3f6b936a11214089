import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ChatError } from './chat-error.ts';
import { type HttpRequest, HttpTransport } from './http-transport.ts';

const READ: HttpRequest = { method: 'GET', path: '/rooms' };
const WRITE: HttpRequest = { method: 'POST', path: '/rooms', body: {} };

/** What becomes of one attempt. `silence`: it is never answered. */
type Fate = 'silence' | 'break' | { status: number; retryAfter?: string; afterMs?: number };

const OK: Fate = { status: 200 };
const UNAVAILABLE: Fate = { status: 503 };

let transport: HttpTransport;
let begunAt: number;
/** When each attempt was made, in milliseconds since the test began. */
let attemptsAt: number[];

beforeEach(() => {
  jest.useFakeTimers();
  transport = new HttpTransport('http://chat.example');
  begunAt = Date.now();
  attemptsAt = [];
});

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** Decides on the attempts, one after the other; the last fate is that of all further ones. */
function fates(...all: Fate[]): void {
  jest.spyOn(globalThis, 'fetch').mockImplementation((_url, init) => {
    const fate = all[Math.min(attemptsAt.length, all.length - 1)] ?? OK;
    attemptsAt.push(elapsed());
    return new Promise((resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      if (fate === 'break') reject(new TypeError('fetch failed'));
      else if (fate !== 'silence') setTimeout(() => resolve(answer(fate)), fate.afterMs ?? 0);
    });
  });
}

function answer({ status, retryAfter }: Exclude<Fate, string>): Response {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
  };
  return new Response('{}', { status, headers });
}

function elapsed(): number {
  return Date.now() - begunAt;
}

/** What came of the request, and after how long. */
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

describe('A read', () => {
  it.each<[string, Fate]>([
    ['is not answered', 'silence'],
    ['cannot reach the server', 'break'],
    ['meets a server that is not available', UNAVAILABLE],
    ['is refused for coming too fast', { status: 429, retryAfter: '1' }],
  ])('is tried again when it %s', async (_name, fate) => {
    fates(fate, OK);
    expect((await outcome(READ)).result).toEqual({});
    expect(attemptsAt).toHaveLength(2);
  });

  it('is tried again three times, then its caller hears the error', async () => {
    fates(UNAVAILABLE);
    expect((await outcome(READ)).result).toMatchObject({ code: 'UNAVAILABLE', status: 503 });
    expect(attemptsAt).toHaveLength(4);
  });

  it.each([
    [0, [0, 100, 300, 633]],
    [0.5, [0, 200, 600, 1_267]],
  ])('of many clients is not tried again in step (with a luck of %d)', async (luck, expected) => {
    jest.spyOn(Math, 'random').mockReturnValue(luck);
    fates('break');
    await outcome(READ);
    expect(attemptsAt).toHaveLength(expected.length);
    for (const [n, ms] of expected.entries()) {
      expect(Math.abs((attemptsAt[n] ?? NaN) - ms)).toBeLessThanOrEqual(5);
    }
  });

  it.each(['1', '3', '10'])(
    'is not tried again before the %s s that the server asked for',
    async (retryAfter) => {
      fates({ status: 503, retryAfter }, OK);
      expect((await outcome(READ)).result).toEqual({});
      expect(attemptsAt[1]).toBeGreaterThanOrEqual(Number(retryAfter) * 1_000);
    },
  );

  it('is given up at once when the server asks for longer than its caller would wait', async () => {
    fates({ status: 503, retryAfter: '60' });
    const { result, afterMs } = await outcome(READ);
    expect(result).toBeInstanceOf(ChatError);
    expect(result).toMatchObject({ code: 'UNAVAILABLE', status: 503, retryAfterMs: 60_000 });
    expect(attemptsAt).toHaveLength(1);
    expect(afterMs).toBeLessThan(100);
  });

  it('is tried again within 6 s when its connection was forgotten by the network', async () => {
    fates('silence', OK);
    expect((await outcome(READ)).result).toEqual({});
    expect(attemptsAt[1]).toBeLessThan(6_000);
  });

  it('ends within 25 s when nothing is ever answered', async () => {
    fates('silence');
    const { result, afterMs } = await outcome(READ);
    expect(result).toMatchObject({ code: 'TIMEOUT' });
    expect(afterMs).toBeLessThan(25_000);
  });

  it('ends its wait when the client is closed', async () => {
    fates({ status: 503, retryAfter: '10' });
    setTimeout(() => transport.close(), 500);
    const { result, afterMs } = await outcome(READ);
    expect(result).toMatchObject({ code: 'CLOSED' });
    expect(afterMs).toBe(500);
    expect(attemptsAt).toHaveLength(1);
  });
});

describe('What changes something', () => {
  it.each<[string, Fate]>([
    ['is not answered', 'silence'],
    ['cannot reach the server', 'break'],
    ['meets a server that is not available', { status: 503, retryAfter: '1' }],
  ])('is never tried again by itself when it %s', async (_name, fate) => {
    fates(fate, OK);
    expect((await outcome(WRITE)).result).toBeInstanceOf(ChatError);
    expect(attemptsAt).toHaveLength(1);
  });
});

describe('A change', () => {
  it("hears the server's own answer about what was too late for the gateway, after 15 s", async () => {
    fates({ status: 504, retryAfter: '1', afterMs: 15_500 });
    expect((await outcome(WRITE)).result).toMatchObject({
      code: 'UNAVAILABLE',
      status: 504,
      retryAfterMs: 1_000,
    });
  });

  it('ends with a TIMEOUT when nothing is answered', async () => {
    fates('silence');
    const { result, afterMs } = await outcome(WRITE);
    expect(result).toMatchObject({ code: 'TIMEOUT' });
    expect(afterMs).toBe(17_000);
  });
});
