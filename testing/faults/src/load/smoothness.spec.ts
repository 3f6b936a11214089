import { describe, expect, it } from '@jest/globals';
import type { Outcome, ReceivedEvent, Send } from '../check/observation.ts';
import { disruptionsOf } from './smoothness.ts';

const SINCE = 10_000;
const SENT = send(11_000, { kind: 'ok', id: 'id', time: 11_020 });
const RECEIVED = messageEvent(11_000, 11_030);

describe('disruptionsOf', () => {
  it('returns nothing when every send was acknowledged and every message delivered without delay', () => {
    expect(disruptions([[SENT], [SENT]], [[RECEIVED], [RECEIVED]])).toEqual([]);
  });

  it('names a sender that got no acknowledgement since the given time', () => {
    const earlier = send(9_000, { kind: 'ok', id: 'id', time: 9_020 });
    expect(disruptions([[SENT], [earlier]], [[RECEIVED]])).toEqual(['sender 2 got no answer']);
  });

  it.each<[Outcome, string]>([
    [
      { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 100, time: 11_020 },
      'sender 1 was rejected with UNAVAILABLE after 20 ms',
    ],
    [{ kind: 'no-ack', time: 16_000 }, 'sender 1 gave up after 5000 ms'],
    [{ kind: 'ok', id: 'id', time: 11_700 }, 'sender 1 was acknowledged after 700 ms'],
  ])(
    'names a sender with the outcome %j, although later sends were acknowledged',
    (outcome, said) => {
      const later = send(16_000, { kind: 'ok', id: 'id', time: 16_020 });
      expect(disruptions([[send(11_000, outcome), later]], [[RECEIVED]])).toEqual([said]);
    },
  );

  it('ignores a send that was rejected before the given time', () => {
    const rejected: Outcome = { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 1, time: 9_500 };
    expect(disruptions([[send(9_000, rejected), SENT]], [[RECEIVED]])).toEqual([]);
  });

  it('ignores a rejected change of a deleted message', () => {
    const outcome: Outcome = {
      kind: 'error',
      code: 'NOT_FOUND',
      retryAfterMs: undefined,
      time: 11_020,
    };
    expect(disruptions([[SENT, send(11_000, outcome)]], [[RECEIVED]])).toEqual([]);
  });

  it('names a client that received no message since the given time', () => {
    const joined: ReceivedEvent = { kind: 'joined', rev: 1, changes: [], time: 11_000 };
    const receivedBySecond = [messageEvent(9_000, 9_020), joined];
    expect(disruptions([[SENT]], [[RECEIVED], receivedBySecond])).toEqual([
      'client 2 received no message',
    ]);
  });

  it('names a client that received a message late, although later ones were not', () => {
    const received = [messageEvent(11_000, 11_700), messageEvent(12_000, 12_020)];
    expect(disruptions([[SENT]], [received])).toEqual(['client 1 received a message after 700 ms']);
  });
});

/** Returns the disruptions of `sender 1`, `client 1` and so on. */
function disruptions(sends: Send[][], events: ReceivedEvent[][]): string[] {
  const senders = sends.map((requests, index) => ({ name: `sender ${index + 1}`, requests }));
  const receivers = events.map((received, index) => ({ name: `client ${index + 1}`, received }));
  return disruptionsOf({ senders, receivers }, SINCE);
}

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
