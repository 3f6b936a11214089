import { describe, expect, it } from '@jest/globals';
import type { Message } from '@chat/contracts';
import type { Invariant } from './invariants.ts';
import type {
  DevicePosition,
  ListedRoom,
  Observation,
  Position,
  PositionEvent,
  PositionOutcome,
  PositionRequest,
  ReadPositionLog,
} from './observation.ts';
import { check } from './verdict.ts';

const ROOM = 'general';
const ADA = 'ada';
const EVE = 'eve';
const MESSAGES = 9;

describe('read positions', () => {
  it('violate nothing in a healthy run', () => {
    const { violations, counts } = check(observed({}));
    expect(violations).toEqual([]);
    expect(counts).toMatchObject({ positions: 2, positionsAcknowledged: 2 });
  });

  it('violate nothing when a request that was not acknowledged has an effect or none', () => {
    const failed = request('read-7', 7, 300, { outcomes: [{ kind: 'no-ack', time: 310 }] });
    expect(check(observed({ requests: [failed], at: 5 })).violations).toEqual([]);
    expect(check(observed({ requests: [failed], at: 7 })).violations).toEqual([]);
  });

  it('violate nothing when a markRead that was not acknowledged undoes a later markUnread', () => {
    const failed = request('read-7', 7, 300, { outcomes: [{ kind: 'no-ack', time: 310 }] });
    const back = request('unread-2', 2, 400, { kind: 'markUnread' });
    const observation = observed({ requests: [failed, back], at: 7 });
    expect(check(observation).violations).toEqual([]);
  });

  it('violate nothing when either of a concurrent markRead and markUnread is the last', () => {
    const read = request('read-8', 8, 300);
    const unread = request('unread-2', 2, 300, { kind: 'markUnread' });
    const requests = [read, unread];
    expect(check(observed({ requests, at: 2 })).violations).toEqual([]);
    expect(check(observed({ requests, at: 8 })).violations).toEqual([]);
  });

  it('violate nothing when a markUnread that was not acknowledged undoes a later markRead', () => {
    const failed = request('unread-2', 2, 300, {
      kind: 'markUnread',
      outcomes: [{ kind: 'no-ack', time: 310 }],
    });
    const read = request('read-8', 8, 400);
    expect(check(observed({ requests: [failed, read], at: 2 })).violations).toEqual([]);
  });

  it('violate nothing when the client library repeats a markRead after a markUnread', () => {
    const outcomes: PositionOutcome[] = [{ kind: 'ok', position: undefined, time: 320 }];
    const read = request('read-7', 7, 300, { outcomes });
    const back = request('unread-2', 2, 400, { kind: 'markUnread' });
    const requests = [read, back];
    expect(check(observed({ requests, at: 2 })).violations).toEqual([]);
    expect(check(observed({ requests, at: 7 })).violations).toEqual([]);
  });

  it('violate nothing when the position of a sender was not written during a fault', () => {
    const sent = { [MESSAGES]: ADA };
    expect(check(observed({ sent, at: 5 })).violations).toEqual([]);
    expect(check(observed({ sent, at: MESSAGES })).violations).toEqual([]);
  });

  it('violate nothing when the send of a user undoes a markUnread', () => {
    const back = request('unread-2', 2, 300, { kind: 'markUnread' });
    const observation = observed({ requests: [back], sent: { 6: ADA }, at: 6 });
    expect(check(observation).violations).toEqual([]);
  });
});

describe('invariant 1 (acknowledged is stored) for read positions', () => {
  it('is broken by an acknowledged markRead that is not stored', () => {
    expectSentences(1, ['the read position of ada in general is 3, but must be at least 5'], {
      at: 3,
    });
  });

  it('is broken by an acknowledged markRead after the last markUnread that is not stored', () => {
    const back = request('unread-2', 2, 300, { kind: 'markUnread' });
    const read = request('read-8', 8, 400);
    const sentence = 'the read position of ada in general is 2, but must be at least 8';
    expectSentences(1, [sentence], { requests: [back, read], at: 2 });
  });

  it('is broken by an acknowledged markUnread that is not stored', () => {
    const back = request('unread-2', 2, 300, { kind: 'markUnread' });
    const sentence = 'the read position of ada in general is 5, but only 2 are allowed';
    expectSentences(1, [sentence], { requests: [back], at: 5 });
  });

  it('is broken by a markRead of the client library that is not stored', () => {
    const outcomes: PositionOutcome[] = [{ kind: 'ok', position: undefined, time: 320 }];
    const sentence = 'the read position of ada in general is 5, but must be at least 7';
    expectSentences(1, [sentence], { requests: [request('read-7', 7, 300, { outcomes })] });
  });

  it('is broken by a position that was never requested', () => {
    const sentence = 'the read position of ada in general is 6, but only 5 are allowed';
    expectSentences(1, [sentence], { at: 6 });
  });

  it('is broken by the position of a sender that is not written while the load is smooth', () => {
    const sentence = 'the read position of ada in general is 5, but must be at least 9';
    expectSentences(1, [sentence], { sent: { [MESSAGES]: ADA }, smoothFrom: 0, at: 5 });
  });

  it('is broken by an acknowledgement of markRead with an earlier position', () => {
    const read = request('read-5b', 5, 300, { outcomes: [ok(4, 320)] });
    const back = request('unread-4', 4, 300, { kind: 'markUnread' });
    const sentences = ['read-5b to 5 was acknowledged with 4'];
    expectSentences(1, sentences, { requests: [back, read], at: 5 });
  });

  it('is broken by an acknowledgement of markUnread with another position', () => {
    const back = request('unread-5', 5, 300, { kind: 'markUnread', outcomes: [ok(6, 310)] });
    const sentences = ['unread-5 to 5 was acknowledged with 6'];
    expectSentences(1, sentences, { requests: [back], at: 5 });
  });
});

describe('invariant 3 (gapless) for read positions', () => {
  it('is broken by an acknowledgement beyond the head', () => {
    const read = request('read-5b', 5, 300, { outcomes: [ok(5, 310, 5)] });
    const sentence =
      'the acknowledgement of read-5b has position 5 and 5 unread, but general has 9 messages';
    expectSentences(3, [sentence], { requests: [read] });
  });

  it('is broken by an event beyond the head', () => {
    const payload = { roomId: ROOM, lastReadSeq: 5, unread: 5 };
    const sentence =
      'a readPosition event of ada/1 has position 5 and 5 unread, but general has 9 messages';
    expectSentences(3, [sentence], { events: [event(payload)] });
  });

  it.each([
    ['a wrong number of unread messages', { unread: 3 }, 'position 5 and 3 unread of 9'],
    ['a negative number of unread messages', { unread: -1 }, 'position 5 and -1 unread of 9'],
    [
      'a head that is not that of the history',
      { seq: 8, unread: 3 },
      'position 5 and 3 unread of 8',
    ],
  ])('is broken by %s in the list of rooms', (_, changed, listed) => {
    const sentence = `the rooms of ada have ${listed} in general, which has 9 messages`;
    expectSentences(3, [sentence], { stored: [{ ...room(5), ...changed }] });
  });

  it('is broken by a room without a position in the list of rooms', () => {
    const stored = [{ ...room(5), lastReadSeq: undefined }];
    expectSentences(3, ['the rooms of ada have no read position of general'], { stored });
  });
});

describe('invariant 4 (order) for read positions', () => {
  it('is broken by an acknowledged position behind an earlier one', () => {
    const read = request('read-4', 4, 300);
    const sentence = 'read-4 was acknowledged with 4 after read-5 with 5';
    expectSentences(4, [sentence], { requests: [read] });
  });

  it('holds when a markUnread may have been made in between', () => {
    const read = request('read-4', 4, 300);
    const back = request('unread-1', 1, 250, { kind: 'markUnread', takesMs: 100 });
    const observation = observed({ requests: [back, read], at: 4 });
    expect(check(observation).violations).toEqual([]);
  });

  it('is broken by a position behind the last markUnread', () => {
    const back = request('unread-4', 4, 300, { kind: 'markUnread' });
    const read = request('read-2', 2, 400);
    const sentence = 'read-2 was acknowledged with 2 after unread-4 with 4';
    expectSentences(4, [sentence], { requests: [back, read], at: 4 });
  });
});

describe('invariant 5 (convergence) for read positions', () => {
  it.each([
    ['another position', { lastReadSeq: 3 }, 'position 3 and 5 unread'],
    ['another number of unread messages', { unread: 6 }, 'position 4 and 6 unread'],
    [
      'no position',
      { lastReadSeq: undefined, unread: undefined },
      'position none and unknown unread',
    ],
  ])('is broken by a device that shows %s', (_, changed, shown) => {
    const devices = [device('phone'), { ...device('laptop'), ...changed }];
    const sentence = `laptop shows ${shown} in general, but the server has 4 and 5`;
    expectSentences(5, [sentence], { devices });
  });

  it.each([
    ['a field is missing', { roomId: ROOM, lastReadSeq: 5 }],
    ['a value is negative', { roomId: ROOM, lastReadSeq: 5, unread: -1 }],
    ['it is not an object', null],
  ])('is broken by an event in which %s', (_, payload) => {
    const sentence = `ada/1 received an invalid readPosition event: ${JSON.stringify(payload)}`;
    expectSentences(5, [sentence], { events: [event(payload)] });
  });

  it.each([
    ['no device', { devices: [] }, 'no device showed a read position: the run is inconclusive'],
    ['no event', { events: [] }, 'no readPosition event was received: the run is inconclusive'],
  ])('is broken by a run with %s', (_, planted, sentence) => {
    expectSentences(5, [sentence], planted);
  });

  it('is broken by a run in which no position was acknowledged', () => {
    const observation = observed({ stored: [room(5)] });
    const requests = observation.readPositions.requests.map((made) => ({ ...made, attempts: [] }));
    const readPositions = { ...observation.readPositions, requests };
    expect(check({ ...observation, readPositions }).violations).toEqual([
      { invariant: 5, what: 'no read position was moved: the run is inconclusive' },
    ]);
  });
});

describe('invariant 6 (nothing is dropped) for read positions', () => {
  const rejected = (code: string | undefined, retryAfterMs?: number): PositionOutcome => {
    return { kind: 'error', code, retryAfterMs, time: 305 };
  };

  it.each([
    ['no code', rejected(undefined), 'read-5b was rejected with no code'],
    ['a final code', rejected('NOT_FOUND'), 'read-5b was rejected with NOT_FOUND'],
    [
      'no delay',
      rejected('UNAVAILABLE'),
      'read-5b was rejected with UNAVAILABLE but no retryAfterMs',
    ],
  ])('is broken by a rejection with %s', (_, outcome, sentence) => {
    const read = request('read-5b', 5, 300, { outcomes: [outcome, ok(5, 320)] });
    expectSentences(6, [sentence], { requests: [read] });
  });

  it('holds for a rejection that was retried', () => {
    const outcomes = [rejected('UNAVAILABLE', 10), ok(5, 320)];
    const observation = observed({ requests: [request('read-5b', 5, 300, { outcomes })] });
    expect(check(observation).violations).toEqual([]);
  });

  it('is broken by a request without an acknowledgement while chat is available', () => {
    const outcomes: PositionOutcome[] = [{ kind: 'no-ack', time: 305 }, ok(5, 320)];
    const requests = [request('read-5b', 5, 300, { outcomes })];
    expectSentences(6, ['read-5b got no acknowledgement'], { requests, chatAvailable: true });
  });
});

describe('invariant 7 (no unauthorized access) for read positions', () => {
  it('is broken by an event with the position of another user', () => {
    const payload = { roomId: ROOM, lastReadSeq: 7, unread: 2 };
    const sentence = 'ada/1 received position 7 of general, to which ada never moved';
    expectSentences(7, [sentence], { events: [event(payload)] });
  });

  it('is broken by an event that the non-member receives', () => {
    const sentence = 'the non-member received 2 readPosition events';
    expectSentences(7, [sentence], { nonMemberEvents: 2 });
  });
});

interface Planted extends Partial<Omit<ReadPositionLog, 'requests'>> {
  /** Requests after the two of a healthy run. */
  readonly requests?: readonly PositionRequest[];
  /** The stored position of Ada. */
  readonly at?: number;
  /** Senders of messages by seq; Eve sends the others. */
  readonly sent?: Readonly<Record<number, string>>;
  readonly smoothFrom?: number;
  readonly chatAvailable?: boolean;
}

/** Expects that exactly these sentences report the planted fault, for one invariant. */
function expectSentences(
  invariant: Invariant,
  sentences: readonly string[],
  planted: Planted,
): void {
  const expected = sentences.map((what) => ({ invariant, what }));
  expect(check(observed(planted)).violations).toEqual(expected);
}

/** Nine messages of Eve; Ada reads up to the third, then up to the fifth. */
function observed({
  requests = [],
  at = 5,
  sent = {},
  smoothFrom,
  chatAvailable = false,
  ...log
}: Planted): Observation {
  const messages = Array.from({ length: MESSAGES }, (_, index) =>
    message(index + 1, sent[index + 1] ?? EVE),
  );
  return {
    fault: { startedAt: 0, endedAt: 1 },
    chatAvailable,
    maxDeliveryMs: undefined,
    convergedAt: 600,
    unsettled: [],
    sends: messages.map(({ id, seq, userId, text }) => ({
      clientMessageId: `c${seq}`,
      roomId: ROOM,
      userId,
      text,
      attempts: [
        {
          startedAt: seq * 10,
          connection: `${userId}/1`,
          number: seq,
          outcome: { kind: 'ok', id, time: seq * 10 + 5 },
        },
      ],
    })),
    changes: [],
    connections: [
      {
        name: 'reader/1',
        openedAt: 0,
        closedAt: undefined,
        received: {
          [ROOM]: [
            { kind: 'joined', rev: 0, changes: [], time: 0 },
            ...messages.map((each) => ({
              kind: 'message' as const,
              message: each,
              time: each.seq * 10,
            })),
          ],
        },
      },
    ],
    views: [
      {
        client: 'reader',
        userId: 'reader',
        roomId: ROOM,
        messages,
        rev: MESSAGES,
        window: false,
        emitted: messages.map(({ id, rev }) => ({ id, rev, isNew: true })),
        wasReset: false,
      },
    ],
    rooms: [
      {
        roomId: ROOM,
        rev: MESSAGES,
        messages,
        changes: messages,
        joined: { since: 0, changes: messages },
      },
    ],
    nonMember: {
      userId: 'mallory',
      events: [],
      statuses: [404],
      acks: ['NOT_FOUND'],
      publicMessagesSeen: 1,
    },
    readPositions: {
      requests: [request('read-3', 3, 100), request('read-5', 5, 200), ...requests],
      events: [event({ roomId: ROOM, lastReadSeq: 3, unread: 6 })],
      nonMemberEvents: 0,
      stored: [room(at)],
      settled: [room(4)],
      devices: [device('phone')],
      ...log,
    },
    smoothFrom,
    deadLetterIds: [],
    processes: [{ name: 'chat-1', peakRssBytes: 1, unexpectedExitAt: undefined }],
    rssLimitBytes: 2,
    evidence: ['sends rejected: 1'],
  };
}

interface RequestOptions {
  readonly kind?: PositionRequest['kind'];
  readonly takesMs?: number;
  /** Of one attempt each; by default the first is acknowledged. */
  readonly outcomes?: readonly PositionOutcome[];
}

function request(
  name: string,
  seq: number,
  startedAt: number,
  {
    kind = 'markRead',
    takesMs = 20,
    outcomes = [ok(seq, startedAt + takesMs)],
  }: RequestOptions = {},
): PositionRequest {
  const attempts = outcomes.map((outcome, index) => {
    return { startedAt: startedAt + index, connection: 'ada/1', outcome };
  });
  return { name, kind, roomId: ROOM, userId: ADA, seq, startedAt, attempts };
}

function ok(lastReadSeq: number, time: number, unread = MESSAGES - lastReadSeq): PositionOutcome {
  const position: Position = { lastReadSeq, unread };
  return { kind: 'ok', position, time };
}

function event(payload: unknown): PositionEvent {
  return { connection: 'ada/1', userId: ADA, payload, time: 210 };
}

function room(lastReadSeq: number): ListedRoom {
  return { userId: ADA, roomId: ROOM, seq: MESSAGES, lastReadSeq, unread: MESSAGES - lastReadSeq };
}

function device(name: string): DevicePosition {
  return { device: name, userId: ADA, roomId: ROOM, lastReadSeq: 4, unread: 5 };
}

function message(seq: number, userId: string): Message {
  return {
    id: `id${seq}`,
    roomId: ROOM,
    seq,
    rev: seq,
    userId,
    username: userId,
    text: `text ${seq}`,
    timestamp: new Date(seq * 10).toISOString(),
    clientMessageId: `c${seq}`,
  };
}
