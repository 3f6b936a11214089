import { describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { disturbancesIn, type ClientRecords } from './disturbance.ts';
import type { Attempt, ConnectionLog, Outcome, RoomHistory } from './observation.ts';

const FAULT = { beganAt: 10_000, endedAt: 15_000 };

describe('disturbancesIn', () => {
  it('returns nothing when sends stay as fast as before the fault', () => {
    expect(disturbancesIn(records({ attempts: [quick(1_000), quick(12_000)] }))).toEqual([]);
  });

  it('reports sends that were refused or unanswered during the fault', () => {
    const attempts = [
      at(11_000, { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 100, at: 13_000 }),
      at(11_000, { kind: 'no-answer', at: 14_000 }),
    ];
    expect(disturbancesIn(records({ attempts }))).toEqual(
      expect.arrayContaining(['1 sends refused', '1 sends without answer']),
    );
  });

  it('ignores sends that were refused before or after the fault', () => {
    const attempts = [5_000, 20_000].map((startedAt) =>
      at(startedAt, { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 1, at: startedAt + 5 }),
    );
    expect(disturbancesIn(records({ attempts }))).toEqual([]);
  });

  it('reports an acknowledgement that took longer than any before the fault', () => {
    const attempts = [quick(1_000), at(12_000, { kind: 'ok', id: 'late', at: 14_500 })];
    expect(disturbancesIn(records({ attempts }))).toEqual(['acks up to 2500 ms late']);
  });

  it('reports a message that was shown later than any before the fault', () => {
    const messages = [message(1, 1_000), message(2, 12_000), message(3, 20_000)];
    const connections = [shownAfter(messages, [20, 2_500, 5_000])];
    const rooms = [{ roomId: 'general', messages, changes: messages }];
    expect(disturbancesIn(records({ connections, rooms }))).toEqual([
      'messages shown up to 2500 ms late',
    ]);
  });

  it('ignores a message that was accepted before the connection opened', () => {
    const messages = [message(1, 1_000), message(2, 12_000)];
    const connections = [{ ...shownAfter(messages, [20, 2_500]), openedAt: 14_000 }];
    const rooms = [{ roomId: 'general', messages, changes: messages }];
    expect(disturbancesIn(records({ connections, rooms }))).toEqual([]);
  });

  it('reports a connection that broke during the fault', () => {
    const connections = [connection(10_500), connection(undefined), connection(2_000)];
    expect(disturbancesIn(records({ connections }))).toEqual(['1 connections broken']);
  });
});

function records({
  attempts = [],
  connections = [],
  rooms = [],
}: {
  attempts?: readonly Attempt[];
  connections?: readonly ConnectionLog[];
  rooms?: readonly RoomHistory[];
}): ClientRecords {
  const sends = attempts.map((attempt, index) => ({
    clientMessageId: `c${index}`,
    roomId: 'general',
    userId: 'ada',
    text: `text ${index}`,
    attempts: [attempt],
  }));
  return { fault: FAULT, sends, connections, rooms };
}

function at(startedAt: number, outcome: Outcome): Attempt {
  return { startedAt, connection: 'ada/1', number: 1, outcome };
}

function quick(startedAt: number): Attempt {
  return at(startedAt, { kind: 'ok', id: `id${startedAt}`, at: startedAt + 20 });
}

function connection(closedAt: number | undefined): ConnectionLog {
  return { name: 'ada/1', openedAt: 0, closedAt, shown: {} };
}

function message(seq: number, acceptedAt: number): Message {
  return {
    id: `id${seq}`,
    roomId: 'general',
    seq,
    rev: seq,
    userId: 'ada',
    username: 'Ada',
    text: `text ${seq}`,
    timestamp: new Date(acceptedAt).toISOString(),
  };
}

function shownAfter(messages: readonly Message[], delays: readonly number[]): ConnectionLog {
  const shown = messages.map((one, index) => ({
    kind: 'message' as const,
    message: one,
    at: Date.parse(one.timestamp) + (delays[index] ?? 0),
  }));
  return { ...connection(undefined), shown: { general: shown } };
}
