import { describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import { disruptionsIn, type ClientRecords } from './disruption.ts';
import type { Attempt, ConnectionLog, Outcome, RoomHistory } from './observation.ts';

const FAULT = { startedAt: 10_000, endedAt: 15_000 };

describe('disruptionsIn', () => {
  it('returns nothing when sends stay as fast as before the fault', () => {
    const attempts = [quickAttempt(1_000), quickAttempt(12_000)];
    expect(disruptionsIn(records({ attempts }))).toEqual([]);
  });

  it('reports sends that were rejected or unanswered during the fault', () => {
    const attempts = [
      attemptAt(11_000, { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 100, time: 13_000 }),
      attemptAt(11_000, { kind: 'no-ack', time: 14_000 }),
    ];
    expect(disruptionsIn(records({ attempts }))).toEqual(
      expect.arrayContaining(['sends rejected: 1', 'sends unanswered: 1']),
    );
  });

  it('ignores sends that were rejected before or after the fault', () => {
    const attempts = [5_000, 20_000].map((startedAt) =>
      attemptAt(startedAt, {
        kind: 'error',
        code: 'UNAVAILABLE',
        retryAfterMs: 1,
        time: startedAt + 5,
      }),
    );
    expect(disruptionsIn(records({ attempts }))).toEqual([]);
  });

  it('reports a send that took much longer than any before the fault', () => {
    const attempts = [
      quickAttempt(1_000),
      attemptAt(12_000, { kind: 'ok', id: 'late', time: 14_500 }),
    ];
    expect(disruptionsIn(records({ attempts }))).toEqual(['sends took up to 2500 ms']);
  });

  it('reports a message that took much longer to arrive than any before the fault', () => {
    const messages = [message(1, 1_000), message(2, 12_000), message(3, 20_000)];
    const connections = [connectionWithDelays(messages, [20, 2_500, 5_000])];
    const rooms = [{ messages }];
    expect(disruptionsIn(records({ connections, rooms }))).toEqual([
      'messages took up to 2500 ms to arrive',
    ]);
  });

  it('ignores a message that was accepted before the connection opened', () => {
    const messages = [message(1, 1_000), message(2, 12_000)];
    const connections = [{ ...connectionWithDelays(messages, [20, 2_500]), openedAt: 14_000 }];
    const rooms = [{ messages }];
    expect(disruptionsIn(records({ connections, rooms }))).toEqual([]);
  });

  it('reports a connection that was lost during the fault', () => {
    const connections = [connection(10_500), connection(undefined), connection(2_000)];
    expect(disruptionsIn(records({ connections }))).toEqual(['connections lost: 1']);
  });
});

function records({
  attempts = [],
  connections = [],
  rooms = [],
}: {
  attempts?: readonly Attempt[];
  connections?: readonly ConnectionLog[];
  rooms?: readonly Pick<RoomHistory, 'messages'>[];
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

function attemptAt(startedAt: number, outcome: Outcome): Attempt {
  return { startedAt, connection: 'ada/1', number: 1, outcome };
}

function quickAttempt(startedAt: number): Attempt {
  return attemptAt(startedAt, { kind: 'ok', id: `id${startedAt}`, time: startedAt + 20 });
}

function connection(closedAt: number | undefined): ConnectionLog {
  return { name: 'ada/1', openedAt: 0, closedAt, received: {} };
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

function connectionWithDelays(
  messages: readonly Message[],
  delays: readonly number[],
): ConnectionLog {
  const received = messages.map((message, index) => ({
    kind: 'message' as const,
    message,
    time: Date.parse(message.timestamp) + (delays[index] ?? 0),
  }));
  return { ...connection(undefined), received: { general: received } };
}
