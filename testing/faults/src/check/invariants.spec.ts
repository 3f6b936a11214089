import { describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import type { Invariant } from './invariants.ts';
import type {
  Attempt,
  ConnectionLog,
  Observation,
  Outcome,
  Send,
  Shown,
  View,
} from './observation.ts';
import { check } from './verdict.ts';

const ROOM = 'general';
const ADA = 'ada';
const SENT = 6;
const MIB = 1024 * 1024;

describe('the check of a run', () => {
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

  it('reports a run without evidence as not hit', () => {
    expect(check({ ...healthy(), evidence: [] }).hit).toBe(false);
  });

  it('accepts a message that was refused, retried and stored once', () => {
    const observation = withAttempts(3, [
      refused({ code: 'UNAVAILABLE', retryAfterMs: 100 }),
      silent(),
      acknowledged(3),
    ]);
    const { violations, counts } = check(observation);
    expect(violations).toEqual([]);
    expect(counts).toMatchObject({ refused: 1, unanswered: 1, resent: 1 });
  });

  it('accepts retried messages that are stored in another order', () => {
    const swapped = swapStored(healthy(), 3, 4);
    const sends = swapped.sends.map((send, index) =>
      index === 2 || index === 3
        ? {
            ...send,
            attempts: [attempt(30, index, silent(60)), attempt(70, 9, acknowledged(index + 1, 80))],
          }
        : send,
    );
    expect(check({ ...swapped, sends }).violations).toEqual([]);
  });

  it('accepts a connection whose events start after the rev of its join', () => {
    const shown: Shown[] = [{ kind: 'joined', rev: 4, at: 1 }, ...shownMessages().slice(4)];
    expect(check(withConnections([connection('reader/1', shown)])).violations).toEqual([]);
  });
});

describe('invariant 1 (acknowledged is stored)', () => {
  it('is broken by an acknowledged message that is missing', () => {
    expectSentences(
      [
        'c6 of ada in general (id6) was acknowledged and is not stored',
        'c6 of ada in general was never stored',
      ],
      without(healthy(), 6),
    );
  });

  it('is broken by an ack that carries the id of another message', () => {
    expectSentences(
      ['c3 of ada in general was acknowledged as id4, which is c4 of ada in general'],
      withAttempts(3, [acknowledged(4, 35)]),
    );
  });

  it('is broken by a message that is stored with another text', () => {
    expectSentences(
      ['c3 of ada in general is stored with another text'],
      storing(stored(3, { text: 'something else' })),
    );
  });

  it('is broken by a message that is stored with another room', () => {
    expectSentences(
      ['c3 of ada in general is stored with room lobby'],
      storing(stored(3, { roomId: 'lobby' })),
    );
  });

  it('is broken by an acknowledged message among the dead letters', () => {
    expectViolation(1, { ...healthy(), deadLetterIds: ['id2'] });
  });
});

describe('invariant 2 (stored and shown once)', () => {
  it('is broken by a message that is stored twice', () => {
    const again = message(7, { clientMessageId: 'c6', text: 'text of c6' });
    expectViolation(2, appended(healthy(), again));
  });

  it('is broken by a message that is in the history twice', () => {
    const messages = [...history(), message(6)];
    const rooms = [{ roomId: ROOM, messages, changes: history() }];
    expectSentences(
      [
        'message id6 is in the history of general more than once',
        'c6 of ada in general is stored more than once',
        'the seqs of general have a gap at 7, where 6 is',
        'reader shows general in another order than the store',
      ],
      { ...healthy(), rooms },
    );
  });

  it('is broken by a rev that is in the changes twice', () => {
    const rooms = [{ roomId: ROOM, messages: history(), changes: [...history(), message(6)] }];
    expectSentences(
      [
        'rev 6 is in the changes of general more than once',
        'the revs of general have a gap at 7, where 6 is',
      ],
      { ...healthy(), rooms },
    );
  });

  it('is broken by a stored message that no client sent', () => {
    expectSentences(
      ['c7 of ada in general is stored and no client sent it'],
      appended(healthy(), message(7)),
    );
  });

  it('is broken by a message that is stored under another user', () => {
    expectSentences(
      [
        'c3 of ada in general was acknowledged as id3, which is c3 of eve in general',
        'c3 of eve in general is stored and no client sent it',
        'c3 of ada in general was never stored',
      ],
      storing(stored(3, { userId: 'eve' })),
    );
  });

  it('is broken by an event that is shown twice on a connection', () => {
    const [join, first, ...rest] = joinedAndShown();
    expectViolation(2, withConnections([connection('reader/1', [join, first, first, ...rest])]));
  });

  it('is broken by a client that shows a message twice', () => {
    const messages = history();
    expectViolation([2, 5], withView({ messages: [...messages, messages[5] ?? message(6)] }));
  });

  it('is broken by a client that announces a message twice', () => {
    expectViolation(2, withView({ announced: [1, 2, 3, 4, 5, 5, 6] }));
  });
});

describe('invariant 3 (gapless)', () => {
  it('is broken by a gap in seq', () => {
    const messages = history().map((one) => (one.seq > 3 ? { ...one, seq: one.seq + 1 } : one));
    expectViolation(3, storing(messages));
  });

  it('is broken by a gap in rev', () => {
    const messages = history().map((one) => (one.rev > 3 ? { ...one, rev: one.rev + 1 } : one));
    expectViolation(3, storing(messages));
  });

  it('is broken by a gap in the events of a connection', () => {
    const [join, first, , ...rest] = joinedAndShown();
    expectViolation(3, withConnections([connection('reader/1', [join, first, ...rest])]));
  });

  it('is broken by events of a connection that are out of order', () => {
    const [join, first, second, ...rest] = joinedAndShown();
    expectViolation(3, withConnections([connection('reader/1', [join, second, first, ...rest])]));
  });

  it('is broken by a gap between a join and the first event', () => {
    const shown: Shown[] = [{ kind: 'joined', rev: 3, at: 1 }, ...shownMessages().slice(4)];
    expectViolation(3, withConnections([connection('reader/1', shown)]));
  });

  it('is broken by changes with another seq than the history', () => {
    const changes = history().map((one) => (one.seq === 2 ? { ...one, seq: 9 } : one));
    expectViolation(3, { ...healthy(), rooms: [{ roomId: ROOM, messages: history(), changes }] });
  });

  it('is broken by a message that the changes lack', () => {
    const changes = history().slice(0, -1);
    expectSentences(['the changes and the history of general disagree on id6'], {
      ...healthy(),
      rooms: [{ roomId: ROOM, messages: history(), changes }],
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

  it('is broken by changes with another text than the history', () => {
    const changes = stored(2, { text: 'as it was before' });
    expectSentences(['the changes and the history of general disagree on id2'], {
      ...healthy(),
      rooms: [{ roomId: ROOM, messages: history(), changes }],
    });
  });

  it('is broken by a join whose rev is below that of an event before it', () => {
    const [join, first, second, third, ...rest] = joinedAndShown();
    const again: Shown = { kind: 'joined', rev: 1, at: 31 };
    expectSentences(
      [
        'reader/1 joined general at rev 1 after it received 2',
        'reader/1 received rev 3 of general after 1',
      ],
      withConnections([
        connection('reader/1', [join, first, second, again, ...(third ? [third] : []), ...rest]),
      ]),
    );
  });

  it('is broken by a run in which no connection received a message', () => {
    expectSentences(
      ['no connection received a message: the run proves nothing'],
      withConnections([]),
    );
  });

  it('is broken by a client that skips a message', () => {
    expectViolation(3, withView({ announced: [1, 2, 4, 5, 6] }));
  });
});

describe('invariant 4 (sending order)', () => {
  it('is broken by a message that overtakes an acknowledged message', () => {
    expectViolation(4, swapStored(healthy(), 3, 4));
  });

  it('is broken by a message that overtakes one acknowledged on another connection', () => {
    const swapped = swapStored(healthy(), 3, 4);
    const sends = swapped.sends.map((one, index) =>
      index === 3 ? send(4, [{ ...attempt(40, 1, acknowledged(4)), connection: 'ada/2' }]) : one,
    );
    expectSentences(['c4 was sent after the ack of c3 and is stored before it'], {
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
    expectSentences(['c4 was sent on ada/1 after c3 and is stored before it'], {
      ...swapped,
      sends,
    });
  });

  it('is broken by a message stored before a refused one in flight ahead of it', () => {
    expectSentences(
      ['c4 was accepted on ada/1 although c3 before it was refused, and is stored before it'],
      swapStored(refusedInFlight([attempt(30, 4, acknowledged(4, 36))]), 3, 4),
    );
  });

  it('holds when a message in flight behind a refused one is stored after it', () => {
    const observation = refusedInFlight([attempt(30, 4, acknowledged(4, 36))]);
    expect(check(observation).violations).toEqual([]);
  });

  it('holds when a message in flight behind a refused one is refused too', () => {
    const observation = refusedInFlight([
      attempt(30, 4, refused({ code: 'UNAVAILABLE', retryAfterMs: 1 })),
      attempt(39, 6, acknowledged(4, 46)),
    ]);
    expect(check(observation).violations).toEqual([]);
  });

  it('is broken by an outbox that sends out of order', () => {
    const swapped = swapStored(healthy(), 3, 4);
    const sends = swapped.sends.map((send) => ({ ...send, attempts: [] }));
    expectSentences(['c4 was put into the outbox after c3 and is stored before it'], {
      ...swapped,
      sends,
    });
  });

  /** Message 3 was refused and sent again; message 4 was in flight with it. */
  function refusedInFlight(attemptsOfNext: readonly Attempt[]): Observation {
    const observation = healthy();
    const first = [
      attempt(30, 3, refused({ code: 'UNAVAILABLE', retryAfterMs: 1 })),
      attempt(38, 5, acknowledged(3, 45)),
    ];
    const sends = observation.sends.map((one, index) =>
      index === 2 ? send(3, first) : index === 3 ? send(4, attemptsOfNext) : one,
    );
    return { ...observation, sends };
  }
});

describe('invariant 5 (convergence)', () => {
  it('is broken by a client that misses the last message', () => {
    expectViolation(5, withView({ messages: history().slice(0, -1) }));
  });

  it('is broken by a client that misses a message in the middle', () => {
    expectViolation(5, withView({ messages: history().filter(({ seq }) => seq !== 3) }));
  });

  it('is broken by a client that shows a message that is not stored', () => {
    expectViolation(5, withView({ messages: [...history(), message(7)] }));
  });

  it('is broken by a client that shows messages in another order', () => {
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

  it('is broken by a sender without an acknowledgement after the fault', () => {
    const observation = healthy();
    const endedAt = observation.fault.endedAt + 1_000;
    const planted = { ...observation, fault: { ...observation.fault, endedAt } };
    expectSentences(['ada in general was never acknowledged after the fault'], planted);
    expect(check(planted).counts.recoveredMs).toBeUndefined();
  });

  it('is broken by a message that is shown later than the limit', () => {
    expectSentences(['a message arrived 6 ms after it was accepted'], {
      ...healthy(),
      maxDeliveryMs: 5,
    });
    expect(check({ ...healthy(), maxDeliveryMs: 6 }).violations).toEqual([]);
  });

  it('is broken by a room that no client shows', () => {
    expectSentences(['no client showed general: the run proves nothing about it'], {
      ...healthy(),
      views: [],
    });
  });

  it('holds for a window of the newest messages, and not of older ones', () => {
    const newest = withView({ window: true, messages: history().slice(-2) });
    expect(check(newest).violations).toEqual([]);
    expectViolation(5, withView({ window: true, messages: history().slice(1, 3) }));
  });
});

describe('invariant 6 (nothing is dropped)', () => {
  it('is broken by a message that was neither acknowledged nor stored', () => {
    const observation = without(withAttempts(6, [silent()]), 6);
    expectViolation(6, observation);
  });

  it('is broken by an error without a code', () => {
    expectSentences(
      ['c3 of ada in general was refused without a code'],
      withAttempts(3, [refused({}), acknowledged(3)]),
    );
  });

  it('is broken by an error code that is not retryable', () => {
    expectSentences(
      ['c3 of ada in general was refused with INTERNAL'],
      withAttempts(3, [refused({ code: 'INTERNAL', retryAfterMs: 100 }), acknowledged(3)]),
    );
  });

  it('is broken by a retryable error without retryAfterMs', () => {
    expectSentences(
      ['c3 of ada in general was refused with UNAVAILABLE without retryAfterMs'],
      withAttempts(3, [refused({ code: 'UNAVAILABLE' }), acknowledged(3)]),
    );
  });

  it('is broken by an unanswered send while chat is reachable', () => {
    const observation = withAttempts(3, [silent(), acknowledged(3)]);
    expectSentences(['c3 of ada in general was not answered'], {
      ...observation,
      chatAvailable: true,
    });
  });

  it('is broken by a run in which no client sent anything', () => {
    expect(check({ ...storing([]), sends: [] }).violations).toContainEqual({
      invariant: 6,
      what: 'no message was sent: the run proves nothing',
    });
  });
});

describe('invariant 7 (private rooms)', () => {
  it('is broken by an event that reaches an outsider', () => {
    expectViolation(7, withOutsider({ events: ['receiveMessage'] }));
  });

  it('is broken by a status 200 for the outsider', () => {
    expectViolation(7, withOutsider({ statuses: [404, 200] }));
  });

  it('is broken by a status 403, which reveals that the room exists', () => {
    expectViolation(7, withOutsider({ statuses: [404, 403] }));
  });

  it('is broken by a status 500 for the outsider', () => {
    expectViolation(7, withOutsider({ statuses: [404, 500] }));
  });

  it('is broken by a stored message of the outsider', () => {
    expectSentences(
      ['a message of the outsider is stored in general'],
      appended(healthy(), message(7, { userId: 'mallory' })),
    );
  });

  it('is broken by a join of the outsider that succeeds', () => {
    expectViolation(7, withOutsider({ answers: ['ok'] }));
  });

  it('is broken by a run in which the outsider saw no public message or got no 404', () => {
    expectViolation(7, withOutsider({ publicMessagesSeen: 0 }));
    expectViolation(7, withOutsider({ statuses: [503] }));
  });

  it('holds when the outsider also gets 503 or no answer', () => {
    const { violations } = check(withOutsider({ statuses: [404, 503, undefined] }));
    expect(violations).toEqual([]);
  });
});

describe('invariant 8 (bounded memory)', () => {
  it('is broken by a process above the memory limit', () => {
    expectViolation(8, {
      ...healthy(),
      processes: [{ name: 'chat-1', peakRssBytes: 601 * MIB, unexpectedExitAt: undefined }],
    });
  });

  it('is broken by a run in which the memory of a process was not measured', () => {
    expectSentences(['no process was monitored: the run proves nothing'], {
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

/** Expects that the planted fault violates these invariants, and no others. */
function expectViolation(expected: Invariant | readonly Invariant[], planted: Observation): void {
  const broken = check(planted).violations.map(({ invariant }) => invariant);
  expect([...new Set(broken)]).toEqual([expected].flat());
}

/** Expects that the planted fault is reported by these sentences, and no others. */
function expectSentences(sentences: readonly string[], planted: Observation): void {
  expect(check(planted).violations.map(({ what }) => what)).toEqual(sentences);
}

/**
 * Six messages of one sender, each sent after the ack of the previous one; a fault in the middle.
 */
function healthy(): Observation {
  return {
    fault: { beganAt: 30, endedAt: 50 },
    chatAvailable: false,
    maxDeliveryMs: undefined,
    convergedAt: 600,
    unsettled: [],
    sends: history().map(({ seq }) => send(seq, [attempt(seq * 10, seq, acknowledged(seq))])),
    connections: [connection('reader/1', joinedAndShown())],
    views: [view({})],
    rooms: [{ roomId: ROOM, messages: history(), changes: history() }],
    outsider: outsider({}),
    deadLetterIds: ['of an earlier run'],
    processes: [{ name: 'chat-1', peakRssBytes: 100 * MIB, unexpectedExitAt: undefined }],
    rssLimitBytes: 600 * MIB,
    evidence: ['4 sends refused'],
  };
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

function acknowledged(seq: number, at = seq * 10 + 5): Outcome {
  return { kind: 'ok', id: `id${seq}`, at };
}

function silent(at = 32): Outcome {
  return { kind: 'no-answer', at };
}

function refused({ code, retryAfterMs }: { code?: string; retryAfterMs?: number }): Outcome {
  return { kind: 'error', code, retryAfterMs, at: 31 };
}

function shownMessages(): Shown[] {
  return history().map((one) => ({ kind: 'message', message: one, at: one.seq * 10 + 6 }));
}

function joinedAndShown(): [Shown, Shown, Shown, ...Shown[]] {
  const [first, second, ...rest] = shownMessages();
  if (!first || !second) throw new Error('too few messages');
  return [{ kind: 'joined', rev: 0, at: 1 }, first, second, ...rest];
}

function connection(name: string, shown: readonly Shown[]): ConnectionLog {
  return { name, openedAt: 0, closedAt: undefined, shown: { [ROOM]: shown } };
}

function view(changed: Partial<View>): View {
  return {
    client: 'reader',
    roomId: ROOM,
    messages: history(),
    rev: SENT,
    window: false,
    announced: [1, 2, 3, 4, 5, 6],
    wasReset: false,
    ...changed,
  };
}

function outsider(changed: Partial<Observation['outsider']>): Observation['outsider'] {
  return {
    userId: 'mallory',
    events: [],
    statuses: [404, 503, 404],
    answers: ['NOT_FOUND', undefined],
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

function withOutsider(changed: Partial<Observation['outsider']>): Observation {
  return { ...healthy(), outsider: outsider(changed) };
}

/** Message `seq` needed several attempts, all before the next message was sent. */
function withAttempts(seq: number, outcomes: readonly Outcome[]): Observation {
  const observation = healthy();
  const attempts = outcomes.map((outcome, index) => attempt(seq * 10 + index, seq, outcome));
  return {
    ...observation,
    sends: observation.sends.map((one, index) => (index + 1 === seq ? send(seq, attempts) : one)),
  };
}

/** Removes a message from the store and from every view. */
function without(observation: Observation, seq: number): Observation {
  return storing(
    history().filter((one) => one.seq !== seq),
    observation,
  );
}

function appended(observation: Observation, added: Message): Observation {
  return storing([...history(), added], observation);
}

/** Replaces the history, in the store and in every view. */
function storing(messages: readonly Message[], observation = healthy()): Observation {
  const rev = messages.at(-1)?.rev ?? 0;
  return {
    ...observation,
    views: [view({ messages, rev })],
    rooms: [{ roomId: ROOM, messages, changes: messages }],
  };
}

function stored(seq: number, changed: Partial<Message>): Message[] {
  return history().map((one) => (one.seq === seq ? { ...one, ...changed } : one));
}

/** Swaps the positions of two stored messages. */
function swapStored(observation: Observation, one: number, other: number): Observation {
  const messages = history().map((stored) => {
    const to = stored.seq === one ? other : stored.seq === other ? one : stored.seq;
    const { id, clientMessageId = '', text } = stored;
    return message(to, { id, clientMessageId, text });
  });
  messages.sort((a, b) => a.seq - b.seq);
  return storing(messages, observation);
}
