import { describe, expect, it } from '@jest/globals';
import type { Outcome, ReceivedEvent, Send } from '../check/observation.ts';
import { isSmooth } from './smoothness.ts';

const SINCE = 10_000;
const SENT = send(11_000, { kind: 'ok', id: 'id', time: 11_020 });
const RECEIVED = messageEvent(11_000, 11_030);

describe('isSmooth', () => {
  it('returns true when every send was acknowledged and every message delivered without delay', () => {
    const traffic = { requests: [[SENT], [SENT]], received: [[RECEIVED], [RECEIVED]] };
    expect(isSmooth(traffic, SINCE)).toBe(true);
  });

  it('returns false when one sender got no acknowledgement since the given time', () => {
    const earlier = send(9_000, { kind: 'ok', id: 'id', time: 9_020 });
    expect(isSmooth({ requests: [[SENT], [earlier]], received: [[RECEIVED]] }, SINCE)).toBe(false);
  });

  it.each<[string, Outcome]>([
    ['rejected', { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 100, time: 11_020 }],
    ['not acknowledged', { kind: 'no-ack', time: 16_000 }],
    ['acknowledged late', { kind: 'ok', id: 'id', time: 11_700 }],
  ])('returns false when a send was %s, although later ones were acknowledged', (_, outcome) => {
    const requests = [
      [send(11_000, outcome), send(16_000, { kind: 'ok', id: 'id', time: 16_020 })],
    ];
    expect(isSmooth({ requests, received: [[RECEIVED]] }, SINCE)).toBe(false);
  });

  it('returns true when a send was rejected only before the given time', () => {
    const rejected: Outcome = { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 1, time: 9_500 };
    const requests = [[send(9_000, rejected), SENT]];
    expect(isSmooth({ requests, received: [[RECEIVED]] }, SINCE)).toBe(true);
  });

  it('returns true when a change to a deleted message was rejected', () => {
    const outcome: Outcome = {
      kind: 'error',
      code: 'NOT_FOUND',
      retryAfterMs: undefined,
      time: 11_020,
    };
    const requests = [[SENT, send(11_000, outcome)]];
    expect(isSmooth({ requests, received: [[RECEIVED]] }, SINCE)).toBe(true);
  });

  it('returns false when one client received no message since the given time', () => {
    const joined: ReceivedEvent = { kind: 'joined', rev: 1, changes: [], time: 11_000 };
    const receivedByOne = [messageEvent(9_000, 9_020), joined];
    expect(isSmooth({ requests: [[SENT]], received: [[RECEIVED], receivedByOne] }, SINCE)).toBe(
      false,
    );
  });

  it('returns false when a message was delivered late, although later ones were not', () => {
    const receivedByOne = [messageEvent(11_000, 11_700), messageEvent(12_000, 12_020)];
    expect(isSmooth({ requests: [[SENT]], received: [receivedByOne] }, SINCE)).toBe(false);
  });
});

function send(startedAt: number, outcome: Outcome): Send {
  return {
    clientMessageId: `c${startedAt}`,
    roomId: 'general',
    userId: 'ada',
    text: 'hello',
    attempts: [{ startedAt, connection: 'ada/1', number: 1, outcome }],
  };
}

function messageEvent(acceptedAt: number, time: number): ReceivedEvent {
  const message = {
    id: `id${acceptedAt}`,
    roomId: 'general',
    seq: 1,
    rev: 1,
    userId: 'ada',
    username: 'Ada',
    text: 'hello',
    timestamp: new Date(acceptedAt).toISOString(),
  };
  return { kind: 'message', message, time };
}
