import { describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import type { Invariant } from './invariants.ts';
import type {
  Attempt,
  ConnectionLog,
  Emission,
  Observation,
  Outcome,
  ReceivedEvent,
  RoomHistory,
  Send,
  View,
} from './observation.ts';
import { movedPosition } from '../../test/moved-position.ts';
import { check } from './verdict.ts';

const ROOM = 'general';
const ADA = 'ada';
const SENT = 6;
const MIB = 1024 * 1024;

describe('check', () => {
  it('reports no violation for a healthy run', () => {
    const { violations, hit, counts } = check(healthy());
    expect(violations).toEqual([]);
    expect(hit).toBe(true);
    expect(counts).toMatchObject({
      sent: SENT,
      acknowledgedBefore: 2,
      acknowledgedDuring: 2,
      acknowledgedAfter: 2,
      stored: SENT,
      lost: 0,
      shown: SENT,
      recoveredMs: 5,
      convergeMs: 550,
    });
  });

  it('reports a run that has no evidence as not hit', () => {
    expect(check({ ...healthy(), evidence: [] }).hit).toBe(false);
  });

  it('accepts a message that was rejected, retried and stored once', () => {
    const observation = withAttempts(3, [
      rejected({ code: 'UNAVAILABLE', retryAfterMs: 100 }),
      unanswered(),
      acknowledged(3),
    ]);
    const { violations, counts } = check(observation);
    expect(violations).toEqual([]);
    expect(counts).toMatchObject({ refused: 1, unanswered: 1, resent: 1 });
  });

  it('accepts retried messages that are stored in a different order', () => {
    const swapped = swapStored(healthy(), 3, 4);
    const sends = swapped.sends.map((send, index) =>
      index === 2 || index === 3
        ? {
            ...send,
            attempts: [
              attempt(30, index, unanswered(60)),
              attempt(70, 9, acknowledged(index + 1, 80)),
            ],
          }
        : send,
    );
    expect(check({ ...swapped, sends }).violations).toEqual([]);
  });

  it('accepts a connection whose events start after the rev of its join', () => {
    const received: ReceivedEvent[] = [joined(4), ...messageEvents().slice(4)];
    expect(check(withConnections([connection('reader/1', received)])).violations).toEqual([]);
  });
});

describe('invariant 1 (acknowledged is stored)', () => {
  it('is broken by an acknowledged message that is missing', () => {
    expectSentences(
      [
        'c6 of ada in general (id6) was acknowledged but is not stored',
        'c6 of ada in general was never stored',
      ],
      without(healthy(), 6),
    );
  });

  it('is broken by an ack that carries the id of a different message', () => {
    expectSentences(
      ['c3 of ada in general was acknowledged with id id4, which belongs to c4 of ada in general'],
      withAttempts(3, [acknowledged(4, 35)]),
    );
  });

  it('is broken by a message that is stored with different text', () => {
    expectSentences(
      ['message id3 is stored with different text'],
      storing(stored(3, { text: 'something else' })),
    );
  });

  it('is broken by a message that is stored in a different room', () => {
    expectSentences(
      ['c3 of ada in general is stored in room lobby'],
      storing(stored(3, { roomId: 'lobby' })),
    );
  });

  it('is broken by an acknowledged message among the dead letters', () => {
    expectViolation(1, { ...healthy(), deadLetterIds: ['id2'] });
  });
});

describe('invariant 2 (stored and received once)', () => {
  it('is broken by a message that is stored twice', () => {
    const duplicate = message(7, { clientMessageId: 'c6', text: 'text of c6' });
    expectViolation(2, withAppended(healthy(), duplicate));
  });

  it('is broken by a message that is in the history twice', () => {
    const messages = [...history(), message(6)];
    const rooms = [room(messages, history())];
    expectSentences(
      [
        'message id6 is in the history of general more than once',
        'c6 of ada in general is stored more than once',
        'the seqs of general have a gap at 7 (found 6)',
        'reader shows general in a different order from the store',
      ],
      { ...healthy(), rooms },
    );
  });

  it('is broken by a rev that is in the changes twice', () => {
    const rooms = [room(history(), [...history(), message(6)])];
    expectSentences(['rev 6 is in the changes of general more than once'], {
      ...healthy(),
      rooms,
    });
  });

  it('is broken by a stored message that no client sent', () => {
    expectSentences(
      ['c7 of ada in general is stored but no client sent it'],
      withAppended(healthy(), message(7)),
    );
  });

  it('is broken by a message that is stored under a different user', () => {
    expectSentences(
      [
        'c3 of ada in general was acknowledged with id id3, which belongs to c3 of eve in general',
        'c3 of eve in general is stored but no client sent it',
        'c3 of ada in general was never stored',
      ],
      storing(stored(3, { userId: 'eve' })),
    );
  });

  it('is broken by an event that is received twice on a connection', () => {
    const [join, first, ...rest] = joinAndMessageEvents();
    expectViolation(2, withConnections([connection('reader/1', [join, first, first, ...rest])]));
  });

  it('is broken by a client that shows a message twice', () => {
    const messages = history();
    expectViolation([2, 5], withView({ messages: [...messages, messages[5] ?? message(6)] }));
  });

  it('is broken by a client that emits a message twice', () => {
    expectViolation(2, withView({ emitted: emissions([...history(), message(5)]) }));
  });
});

describe('invariant 3 (gapless)', () => {
  it('is broken by a gap in seq', () => {
    const messages = history().map((message) =>
      message.seq > 3 ? { ...message, seq: message.seq + 1 } : message,
    );
    expectViolation(3, storing(messages));
  });

  it('is broken by a gap in rev', () => {
    const messages = history().map((message) =>
      message.rev > 3 ? { ...message, rev: message.rev + 1 } : message,
    );
    expectViolation(3, storing(messages));
  });

  it('is broken by a gap in the events on a connection', () => {
    const [join, first, , ...rest] = joinAndMessageEvents();
    expectViolation(3, withConnections([connection('reader/1', [join, first, ...rest])]));
  });

  it('is broken by out-of-order events on a connection', () => {
    const [join, first, second, ...rest] = joinAndMessageEvents();
    expectViolation(3, withConnections([connection('reader/1', [join, second, first, ...rest])]));
  });

  it('is broken by a gap between a join and the first event', () => {
    const received: ReceivedEvent[] = [joined(3), ...messageEvents().slice(4)];
    expectViolation(3, withConnections([connection('reader/1', received)]));
  });

  it('is broken by changes that have a different seq from the history', () => {
    const changes = history().map((message) =>
      message.seq === 2 ? { ...message, seq: 9 } : message,
    );
    expectViolation(3, { ...healthy(), rooms: [room(history(), changes)] });
  });

  it('is broken by a message that is missing from the changes', () => {
    const changes = history().slice(0, -1);
    expectSentences(['the changes and the history of general disagree on id6'], {
      ...healthy(),
      rooms: [room(history(), changes)],
    });
  });

  it('is broken by a message that only the changes have', () => {
    const observation = without(healthy(), 6);
    const rooms = observation.rooms.map((room) => ({ ...room, changes: history() }));
    expect(check({ ...observation, rooms }).violations).toContainEqual({
      invariant: 3,
      what: 'the changes and the history of general disagree on id6',
    });
  });

  it('is broken by changes that have different text from the history', () => {
    const changes = stored(2, { text: 'as it was before' });
    expectSentences(['the changes and the history of general disagree on id2'], {
      ...healthy(),
      rooms: [room(history(), changes)],
    });
  });

  it('is broken by a join whose rev is lower than that of an earlier event', () => {
    const [join, first, second, third, ...rest] = joinAndMessageEvents();
    const rejoin = joined(1);
    expectSentences(
      [
        'reader/1 joined general at rev 1 after it received 2',
        'reader/1 received rev 3 of general after 1',
      ],
      withConnections([
        connection('reader/1', [join, first, second, rejoin, ...(third ? [third] : []), ...rest]),
      ]),
    );
  });

  it('is broken by a run in which no connection received a message', () => {
    expectSentences(
      ['no connection received a message: the run is inconclusive'],
      withConnections([]),
    );
  });

  it('is broken by a client that skips a message', () => {
    expectViolation(3, withView({ emitted: emissions(history().filter(({ seq }) => seq !== 3)) }));
  });
});

describe('invariant 4 (sending order)', () => {
  it('is broken by a message that overtakes an acknowledged message', () => {
    expectViolation(4, swapStored(healthy(), 3, 4));
  });

  it('is broken by a message that overtakes one acknowledged on a different connection', () => {
    const swapped = swapStored(healthy(), 3, 4);
    const sends = swapped.sends.map((original, index) =>
      index === 3
        ? send(4, [{ ...attempt(40, 1, acknowledged(4)), connection: 'ada/2' }])
        : original,
    );
    expectSentences(['c4 was sent after the ack of c3 but is stored before it'], {
      ...swapped,
      sends,
    });
  });

  it('is broken by a message that overtakes one in flight on the same connection', () => {
    const swapped = swapStored(healthy(), 3, 4);
    const sends = swapped.sends.map((send, index) =>
      index === 2 || index === 3
        ? { ...send, attempts: [attempt(30, index, acknowledged(index + 1, 50))] }
        : send,
    );
    expectSentences(['c4 was sent on ada/1 after c3 but is stored before it'], {
      ...swapped,
      sends,
    });
  });

  it('is broken by a message stored before a rejected one that was in flight ahead of it', () => {
    expectSentences(
      ['c4 was accepted on ada/1 although the earlier c3 was rejected, and is stored ahead of c3'],
      swapStored(rejectedInFlight([attempt(30, 4, acknowledged(4, 36))]), 3, 4),
    );
  });

  it('holds when a message in flight behind a rejected one is stored after it', () => {
    const observation = rejectedInFlight([attempt(30, 4, acknowledged(4, 36))]);
    expect(check(observation).violations).toEqual([]);
  });

  it('holds when a message in flight behind a rejected one is also rejected', () => {
    const observation = rejectedInFlight([
      attempt(30, 4, rejected({ code: 'UNAVAILABLE', retryAfterMs: 1 })),
      attempt(39, 6, acknowledged(4, 46)),
    ]);
    expect(check(observation).violations).toEqual([]);
  });

  it('is broken by an outbox that sends out of order', () => {
    const swapped = swapStored(healthy(), 3, 4);
    const sends = swapped.sends.map((send) => ({ ...send, attempts: [] }));
    expectSentences(['c4 was put into the outbox after c3 but is stored before it'], {
      ...swapped,
      sends,
    });
  });

  /** Message 3 was rejected and resent; message 4 was in flight with it. */
  function rejectedInFlight(attemptsOfNext: readonly Attempt[]): Observation {
    const observation = healthy();
    const first = [
      attempt(30, 3, rejected({ code: 'UNAVAILABLE', retryAfterMs: 1 })),
      attempt(38, 5, acknowledged(3, 45)),
    ];
    const sends = observation.sends.map((original, index) =>
      index === 2 ? send(3, first) : index === 3 ? send(4, attemptsOfNext) : original,
    );
    return { ...observation, sends };
  }
});

describe('invariant 5 (convergence)', () => {
  it('is broken by a client that is missing the last message', () => {
    expectViolation(5, withView({ messages: history().slice(0, -1) }));
  });

  it('is broken by a client that is missing a message in the middle', () => {
    expectViolation(5, withView({ messages: history().filter(({ seq }) => seq !== 3) }));
  });

  it('is broken by a client that shows a message that is not stored', () => {
    expectViolation(5, withView({ messages: [...history(), message(7)] }));
  });

  it('is broken by a client that shows messages in a different order', () => {
    expectViolation(5, withView({ messages: history().toReversed() }));
  });

  it('is broken by a client with a stale rev', () => {
    expectViolation(5, withView({ rev: 5 }));
  });

  it('is broken when clients do not converge in time', () => {
    expectViolation(5, { ...healthy(), convergedAt: undefined, unsettled: ['ada sends'] });
  });

  it('is broken by a client that resets a room', () => {
    expectSentences(
      ['reader discarded its messages of general and reloaded the room'],
      withView({ wasReset: true }),
    );
  });

  it('is broken by a sender that gets no acknowledgement after the fault', () => {
    const observation = healthy();
    const endedAt = observation.fault.endedAt + 1_000;
    const planted = { ...observation, fault: { ...observation.fault, endedAt } };
    expectSentences(['no send from ada in general was acknowledged after the fault'], planted);
    expect(check(planted).counts.recoveredMs).toBeUndefined();
  });

  it('is broken by a message that is delivered later than the limit', () => {
    expectSentences(['a message arrived 6 ms after it was accepted'], {
      ...healthy(),
      maxDeliveryMs: 5,
    });
    expect(check({ ...healthy(), maxDeliveryMs: 6 }).violations).toEqual([]);
  });

  it('is broken by a room that no client shows', () => {
    expectSentences(['no client showed general: the run is inconclusive about it'], {
      ...healthy(),
      views: [],
    });
  });

  it('holds for a window of the newest messages, but not of older ones', () => {
    const newest = withView({ window: true, messages: history().slice(-2) });
    expect(check(newest).violations).toEqual([]);
    expectViolation(5, withView({ window: true, messages: history().slice(1, 3) }));
  });
});

describe('invariant 6 (nothing is dropped)', () => {
  it('is broken by a message that was neither acknowledged nor stored', () => {
    const observation = without(withAttempts(6, [unanswered()]), 6);
    expectViolation(6, observation);
  });

  it('is broken by an error that has no code', () => {
    expectSentences(
      ['c3 of ada in general was rejected with no code'],
      withAttempts(3, [rejected({}), acknowledged(3)]),
    );
  });

  it('is broken by an error code that is not retryable', () => {
    expectSentences(
      ['c3 of ada in general was rejected with INTERNAL'],
      withAttempts(3, [rejected({ code: 'INTERNAL', retryAfterMs: 100 }), acknowledged(3)]),
    );
  });

  it('is broken by a retryable error that has no retryAfterMs', () => {
    expectSentences(
      ['c3 of ada in general was rejected with UNAVAILABLE but no retryAfterMs'],
      withAttempts(3, [rejected({ code: 'UNAVAILABLE' }), acknowledged(3)]),
    );
  });

  it('is broken by an unanswered send while chat is reachable', () => {
    const observation = withAttempts(3, [unanswered(), acknowledged(3)]);
    expectSentences(['c3 of ada in general got no acknowledgement'], {
      ...observation,
      chatAvailable: true,
    });
  });

  it('is broken by a run in which no client sent anything', () => {
    expect(check({ ...storing([]), sends: [] }).violations).toContainEqual({
      invariant: 6,
      what: 'no message was sent: the run is inconclusive',
    });
  });
});

describe('invariant 7 (private rooms)', () => {
  it('is broken by an event that reaches a non-member', () => {
    expectViolation(7, withNonMember({ events: ['receiveMessage'] }));
  });

  it('is broken by a status 200 for the non-member', () => {
    expectViolation(7, withNonMember({ statuses: [404, 200] }));
  });

  it('is broken by a status 403, which reveals that the room exists', () => {
    expectViolation(7, withNonMember({ statuses: [404, 403] }));
  });

  it('is broken by a status 500 for the non-member', () => {
    expectViolation(7, withNonMember({ statuses: [404, 500] }));
  });

  it('is broken by a stored message from the non-member', () => {
    expectSentences(
      ['a message from the non-member is stored in general'],
      withAppended(healthy(), message(7, { userId: 'mallory' })),
    );
  });

  it('is broken by a successful join of the non-member', () => {
    expectViolation(7, withNonMember({ acks: ['ok'] }));
  });

  it('is broken by a run in which the non-member received no public message or no 404', () => {
    expectViolation(7, withNonMember({ publicMessagesSeen: 0 }));
    expectViolation(7, withNonMember({ statuses: [503] }));
  });

  it('holds when the non-member also receives 503 or no response', () => {
    const { violations } = check(withNonMember({ statuses: [404, 503, undefined] }));
    expect(violations).toEqual([]);
  });
});

describe('invariant 8 (bounded memory)', () => {
  it('is broken by a process that exceeds the memory limit', () => {
    expectViolation(8, {
      ...healthy(),
      processes: [{ name: 'chat-1', peakRssBytes: 601 * MIB, unexpectedExitAt: undefined }],
    });
  });

  it('is broken by a run in which the memory of a process was not measured', () => {
    expectSentences(['no process was monitored: the run is inconclusive'], {
      ...healthy(),
      processes: [],
    });
    expectSentences(['the memory of chat-1 was not measured'], {
      ...healthy(),
      processes: [{ name: 'chat-1', peakRssBytes: 0, unexpectedExitAt: undefined }],
    });
  });

  it('is broken by a process that exits without being killed', () => {
    expectViolation(8, {
      ...healthy(),
      processes: [{ name: 'chat-1', peakRssBytes: 100 * MIB, unexpectedExitAt: 50 }],
    });
  });
});

/** Expects that the planted fault violates exactly these invariants. */
function expectViolation(expected: Invariant | readonly Invariant[], planted: Observation): void {
  const broken = check(planted).violations.map(({ invariant }) => invariant);
  expect([...new Set(broken)]).toEqual([expected].flat());
}

/** Expects that exactly these sentences report the planted fault. */
function expectSentences(sentences: readonly string[], planted: Observation): void {
  expect(check(planted).violations.map(({ what }) => what)).toEqual(sentences);
}

/**
 * Six messages from one sender, each sent after the ack of the previous one; a fault in the middle.
 */
function healthy(): Observation {
  return {
    fault: { startedAt: 30, endedAt: 50 },
    chatAvailable: false,
    maxDeliveryMs: undefined,
    convergedAt: 600,
    unsettled: [],
    sends: history().map(({ seq }) => send(seq, [attempt(seq * 10, seq, acknowledged(seq))])),
    changes: [],
    connections: [connection('reader/1', joinAndMessageEvents())],
    views: [view({})],
    rooms: [room(history())],
    nonMember: nonMember({}),
    smoothFrom: undefined,
    readPositions: movedPosition(ROOM),
    deadLetterIds: ['from an earlier run'],
    processes: [{ name: 'chat-1', peakRssBytes: 100 * MIB, unexpectedExitAt: undefined }],
    rssLimitBytes: 600 * MIB,
    evidence: ['sends rejected: 4'],
  };
}

function room(messages: readonly Message[], changes = messages): RoomHistory {
  const since = 3;
  return {
    roomId: ROOM,
    rev: messages.at(-1)?.rev ?? 0,
    messages,
    changes,
    joined: { since, changes: messages.filter(({ rev }) => rev > since) },
  };
}

function emissions(messages: readonly Message[]): Emission[] {
  return messages.map(({ id, rev }) => ({ id, rev, isNew: true }));
}

function joined(rev: number): ReceivedEvent {
  return { kind: 'joined', rev, changes: [], time: 1 };
}

function history(): Message[] {
  return Array.from({ length: SENT }, (_, index) => message(index + 1));
}

function message(seq: number, changed: Partial<Message> = {}): Message {
  return {
    id: `id${seq}`,
    roomId: ROOM,
    seq,
    rev: seq,
    userId: ADA,
    username: 'Ada',
    text: `text of c${seq}`,
    timestamp: new Date(seq * 10).toISOString(),
    clientMessageId: `c${seq}`,
    ...changed,
  };
}

function send(seq: number, attempts: readonly Attempt[]): Send {
  const clientMessageId = `c${seq}`;
  return {
    clientMessageId,
    roomId: ROOM,
    userId: ADA,
    text: `text of ${clientMessageId}`,
    attempts,
  };
}

function attempt(startedAt: number, number: number, outcome: Outcome): Attempt {
  return { startedAt, connection: 'ada/1', number, outcome };
}

function acknowledged(seq: number, time = seq * 10 + 5): Outcome {
  return { kind: 'ok', id: `id${seq}`, time };
}

function unanswered(time = 32): Outcome {
  return { kind: 'no-ack', time };
}

function rejected({ code, retryAfterMs }: { code?: string; retryAfterMs?: number }): Outcome {
  return { kind: 'error', code, retryAfterMs, time: 31 };
}

function messageEvents(messages = history()): ReceivedEvent[] {
  return messages.map((message) => ({ kind: 'message', message, time: message.seq * 10 + 6 }));
}

function joinAndMessageEvents(): [ReceivedEvent, ReceivedEvent, ReceivedEvent, ...ReceivedEvent[]] {
  const [first, second, ...rest] = messageEvents();
  if (!first || !second) throw new Error('too few messages');
  return [joined(0), first, second, ...rest];
}

function connection(name: string, received: readonly ReceivedEvent[]): ConnectionLog {
  return { name, openedAt: 0, closedAt: undefined, received: { [ROOM]: received } };
}

function view(changed: Partial<View>): View {
  return {
    client: 'reader',
    userId: 'reader',
    roomId: ROOM,
    messages: history(),
    rev: SENT,
    window: false,
    emitted: emissions(changed.messages ?? history()),
    wasReset: false,
    ...changed,
  };
}

function nonMember(changed: Partial<Observation['nonMember']>): Observation['nonMember'] {
  return {
    userId: 'mallory',
    events: [],
    statuses: [404, 503, 404],
    acks: ['NOT_FOUND', undefined],
    publicMessagesSeen: 3,
    ...changed,
  };
}

function withConnections(connections: readonly ConnectionLog[]): Observation {
  return { ...healthy(), connections };
}

function withView(changed: Partial<View>): Observation {
  return { ...healthy(), views: [view(changed)] };
}

function withNonMember(changed: Partial<Observation['nonMember']>): Observation {
  return { ...healthy(), nonMember: nonMember(changed) };
}

/** Message `seq` needed several attempts, all before the next message was sent. */
function withAttempts(seq: number, outcomes: readonly Outcome[]): Observation {
  const observation = healthy();
  const attempts = outcomes.map((outcome, index) => attempt(seq * 10 + index, seq, outcome));
  return {
    ...observation,
    sends: observation.sends.map((original, index) =>
      index + 1 === seq ? send(seq, attempts) : original,
    ),
  };
}

/** Removes a message from the store and from every view. */
function without(observation: Observation, seq: number): Observation {
  return storing(
    history().filter((message) => message.seq !== seq),
    observation,
  );
}

function withAppended(observation: Observation, added: Message): Observation {
  return storing([...history(), added], observation);
}

/** Replaces the history, in the store and in every view. */
function storing(messages: readonly Message[], observation = healthy()): Observation {
  const rev = messages.at(-1)?.rev ?? 0;
  return {
    ...observation,
    views: [view({ messages, rev })],
    rooms: [room(messages)],
  };
}

function stored(seq: number, changed: Partial<Message>): Message[] {
  return history().map((message) => (message.seq === seq ? { ...message, ...changed } : message));
}

/** Swaps the positions of two messages in the store and for every client. */
function swapStored(observation: Observation, seq: number, otherSeq: number): Observation {
  const messages = history().map((stored) => {
    const to = stored.seq === seq ? otherSeq : stored.seq === otherSeq ? seq : stored.seq;
    const { id, clientMessageId = '', text } = stored;
    return message(to, { id, clientMessageId, text });
  });
  messages.sort((a, b) => a.seq - b.seq);
  const received = [joined(0), ...messageEvents(messages)];
  return { ...storing(messages, observation), connections: [connection('reader/1', received)] };
}
