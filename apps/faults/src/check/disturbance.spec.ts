import { describe, expect, it } from '@jest/globals';
import { disturbancesIn, type Seen } from './disturbance.ts';
import type { Attempt, ConnectionLog, Outcome } from './observation.ts';

const FAULT = { beganAt: 10_000, endedAt: 15_000 };

describe('what of a fault shows to clients', () => {
  it('is nothing when everything goes on as before', () => {
    expect(disturbancesIn(seen({ attempts: [quick(1_000), quick(12_000)] }))).toEqual([]);
  });

  it('is a send that was refused or not answered meanwhile', () => {
    const attempts = [
      at(11_000, { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 100, at: 13_000 }),
      at(11_000, { kind: 'no-answer', at: 14_000 }),
    ];
    expect(disturbancesIn(seen({ attempts }))).toEqual(
      expect.arrayContaining(['1 sends refused', '1 sends without answer']),
    );
  });

  it('is not what was refused before or after', () => {
    const attempts = [5_000, 20_000].map((startedAt) =>
      at(startedAt, { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 1, at: startedAt + 5 }),
    );
    expect(disturbancesIn(seen({ attempts }))).toEqual([]);
  });

  it('is an acknowledgement that took longer than any before', () => {
    const attempts = [quick(1_000), at(12_000, { kind: 'ok', id: 'late', at: 14_500 })];
    expect(disturbancesIn(seen({ attempts }))).toEqual(['acks up to 2500 ms late']);
  });

  it('is a connection that broke', () => {
    const connections = [connection(10_500), connection(undefined), connection(2_000)];
    expect(disturbancesIn(seen({ connections }))).toEqual(['1 connections broken']);
  });
});

function seen({
  attempts = [],
  connections = [],
}: {
  attempts?: readonly Attempt[];
  connections?: readonly ConnectionLog[];
}): Seen {
  const sends = attempts.map((attempt, index) => ({
    clientMessageId: `c${index}`,
    roomId: 'general',
    userId: 'ada',
    attempts: [attempt],
  }));
  return { fault: FAULT, sends, connections, rooms: [] };
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
