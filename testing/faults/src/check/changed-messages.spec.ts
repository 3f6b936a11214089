import { describe, expect, it } from '@jest/globals';
import type { Message, MessageDelta } from '@chat/contracts';
import type { Invariant } from './invariants.ts';
import type {
  Attempt,
  ChangeRequest,
  LiveEvent,
  Observation,
  Outcome,
  ReceivedEvent,
  RequestedChange,
} from './observation.ts';
import { movedPosition } from '../../test/moved-position.ts';
import { check } from './verdict.ts';

const ROOM = 'general';
const ADA = 'ada';
const EVE = 'eve';
const AT = '2026-11-01T00:00:00.000Z';
const LIKE = '👍';

/**
 * Three messages of Ada. She edits the first, deletes the second, and Eve reacts to the third:
 * revs 4, 5 and 6, each requested after the acknowledgement of the one before.
 */
const EDITED = message(1, { rev: 4, text: 'edited', editedAt: AT });
const DELETED = message(2, { rev: 5, text: '', deletedAt: AT });
const REACTED = message(3, { rev: 6, reactions: [{ emoji: LIKE, count: 1, userIds: [EVE] }] });
const EDIT = request('edit-1', ADA, 'id1', { kind: 'edit', text: 'edited' }, 40);
const DELETION = request('delete-2', ADA, 'id2', { kind: 'delete' }, 50);
const REACTION = request('react-3', EVE, 'id3', { kind: 'react', emoji: LIKE, on: true }, 60);
const EVENTS: readonly LiveEvent[] = [
  ...[1, 2, 3].map((seq): LiveEvent => ({ kind: 'message', message: message(seq), time: seq })),
  changed(4, 'id1', { kind: 'edited', text: 'edited', editedAt: AT }),
  changed(5, 'id2', { kind: 'deleted', deletedAt: AT }),
  changed(6, 'id3', { kind: 'reacted', emoji: LIKE, userId: EVE, on: true }),
];

describe('changes of messages', () => {
  it('violate nothing in a healthy run', () => {
    const { violations, counts } = check(observed({}));
    expect(violations).toEqual([]);
    expect(counts).toMatchObject({ changes: 3, changesAcknowledged: 3 });
  });

  it('violate nothing when a client receives them as states after a gap', () => {
    const state = (since: number, after: Message): LiveEvent => ({
      kind: 'changed',
      changed: {
        roomId: ROOM,
        rev: after.rev,
        messageId: after.id,
        change: { kind: 'state', message: after },
        since,
      },
      time: 100,
    });
    const events = [...EVENTS.slice(0, 3), state(3, DELETED), state(5, REACTED)];
    expect(check(observed({ events })).violations).toEqual([]);
  });

  it('violate nothing when a command without effect takes a rev', () => {
    const again = request('delete-2-again', ADA, 'id2', { kind: 'delete' }, 70);
    const head: LiveEvent = { kind: 'head', since: 6, rev: 7, time: 75 };
    const observation = observed({ requests: [again], events: [...EVENTS, head], rev: 7 });
    expect(check(observation).violations).toEqual([]);
  });
});

describe('invariant 1 (acknowledged is stored) for changes', () => {
  it('is broken by an acknowledged edit that is not in the log', () => {
    const lost = request('edit-3', ADA, 'id3', { kind: 'edit', text: 'lost' }, 70);
    expectSentences(
      [
        'the log of general has 6 revs, but 3 messages and 4 acknowledged changes',
        'edit-3 was acknowledged, but message id3 has an earlier text',
      ],
      observed({ requests: [lost] }),
    );
  });

  it('is broken by an edit that is replaced by an earlier one of the same user', () => {
    const later = request('edit-1b', ADA, 'id1', { kind: 'edit', text: 'later' }, 70);
    const observation = observed({ requests: [later], rev: 7 });
    expectSentences(['edit-1b was acknowledged, but message id1 has an earlier text'], observation);
  });

  it('holds when one of two concurrent edits remains', () => {
    const other = request('edit-1b', ADA, 'id1', { kind: 'edit', text: 'other' }, 42);
    const head: LiveEvent = { kind: 'head', since: 6, rev: 7, time: 75 };
    const observation = observed({ requests: [other], events: [...EVENTS, head], rev: 7 });
    expect(check(observation).violations).toEqual([]);
  });

  it('holds when an edit that was not acknowledged has no effect', () => {
    const attempts = [
      attempt(70, { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 1, time: 71 }),
    ];
    const edit: RequestedChange = { kind: 'edit', text: 'never' };
    const failed = { ...request('edit-3', ADA, 'id3', edit, 70), attempts };
    expect(check(observed({ requests: [failed] })).violations).toEqual([]);
  });

  it('is broken by an acknowledged deletion without effect', () => {
    const lost = request('delete-1', ADA, 'id1', { kind: 'delete' }, 70);
    expectSentences(
      ['delete-1 was acknowledged, but message id1 is not deleted'],
      observed({ requests: [lost], rev: 7 }),
    );
  });

  it('is broken by an acknowledged reaction without effect', () => {
    const lost = request('react-1', EVE, 'id1', { kind: 'react', emoji: LIKE, on: true }, 70);
    expectSentences(
      [`react-1 was acknowledged, but message id1 lacks ${LIKE} of eve`],
      observed({ requests: [lost], rev: 7 }),
    );
  });

  it('is broken by a reaction that was removed and is set', () => {
    const removal = request('react-3b', EVE, 'id3', { kind: 'react', emoji: LIKE, on: false }, 70);
    expectSentences(
      [`react-3b was acknowledged, but message id3 has ${LIKE} of eve`],
      observed({ requests: [removal], rev: 7 }),
    );
  });

  it('is broken by a reaction that no client set', () => {
    expectSentences(
      [
        `react-3 was acknowledged, but message id1 lacks ${LIKE} of eve`,
        `message id3 has ${LIKE} of eve, but the user did not react`,
      ],
      { ...observed({}), changes: [EDIT, DELETION, { ...REACTION, messageId: 'id1' }] },
      1,
    );
  });

  it('is broken by a deleted message with a text', () => {
    expectSentences(
      ['message id2 is deleted, but still has a text'],
      observed({ stored: [EDITED, { ...DELETED, text: 'text 2' }, REACTED] }),
    );
  });

  it('is broken by a deleted message that no client deleted', () => {
    const observation = observed({});
    const changes = [EDIT, { ...DELETION, messageId: 'id1' }, REACTION];
    expectSentences(
      [
        'delete-2 was acknowledged, but message id1 is not deleted',
        'message id2 is deleted, but no client deleted it',
      ],
      { ...observation, changes },
      1,
    );
  });

  it('is broken by an edited message without the time of the edit', () => {
    const { editedAt: _, ...withoutTime } = EDITED;
    expectSentences(
      ['message id1 is edited, but has no edit time'],
      observed({ stored: [withoutTime, DELETED, REACTED] }),
    );
  });
});

describe('invariant 2 (stored and received once) for changes', () => {
  it('is broken by a user who is counted twice for an emoji', () => {
    const reactions = [{ emoji: LIKE, count: 2, userIds: [EVE, EVE] }];
    expectSentences(
      [`message id3 counts 2 users for ${LIKE}, but lists 1 different ones`],
      observed({ stored: [EDITED, DELETED, { ...REACTED, reactions }] }),
    );
  });

  it('is broken by a change that is delivered at two revs', () => {
    const repeated = changed(7, 'id3', { kind: 'reacted', emoji: LIKE, userId: EVE, on: true });
    const stored = [EDITED, DELETED, { ...REACTED, rev: 7 }];
    const observation = observed({ stored, events: [...EVENTS, repeated], rev: 7 });
    expectSentences(
      [
        `clients received a change at the revs 6, 7: set ${LIKE} of eve on id3`,
        'the log of general has 7 revs, but 3 messages and 3 changes',
      ],
      observation,
    );
  });

  it('is broken by a change that no client requested', () => {
    expectSentences(
      ['clients received a change that none requested: edit of id1: edited'],
      {
        ...observed({}),
        changes: [{ ...EDIT, change: { kind: 'edit', text: 'else' } }, DELETION, REACTION],
      },
      2,
    );
  });

  it('is broken by an event that is received twice on a connection', () => {
    const [, , , edit] = EVENTS;
    if (!edit) throw new Error('there is no edit');
    const events = [...EVENTS.slice(0, 4), edit, ...EVENTS.slice(4)];
    expectSentences(['reader/1 received rev 4 of general more than once'], observed({ events }));
  });
});

describe('invariant 3 (gapless) for changes', () => {
  it('is broken by a rev that no event covers', () => {
    const events = EVENTS.filter((_, index) => index !== 4);
    expectSentences(['reader/1 received rev 6 of general after 4'], observed({ events }));
  });

  it('is broken by an event that covers revs again', () => {
    const [last] = EVENTS.slice(-1);
    if (last?.kind !== 'changed') throw new Error('the last event is not a change');
    const covering: LiveEvent = { ...last, changed: { ...last.changed, since: 4 } };
    const events = [...EVENTS.slice(0, -1), covering];
    expectSentences(['reader/1 received rev 6 of general after 5'], observed({ events }));
  });

  it('is broken by a rev of the log without a request', () => {
    const head: LiveEvent = { kind: 'head', since: 6, rev: 7, time: 75 };
    expectSentences(
      ['the log of general has 7 revs, but 3 messages and 3 changes'],
      observed({ events: [...EVENTS, head], rev: 7 }),
    );
  });

  it('is broken by changes that are not in the order of rev', () => {
    const observation = observed({});
    const rooms = observation.rooms.map((room) => ({
      ...room,
      changes: [DELETED, EDITED, REACTED],
    }));
    expectSentences(['the changes of general have rev 4 after 5'], { ...observation, rooms });
  });

  it('is broken by a join that returns an earlier state of a message', () => {
    const observation = observed({});
    const changes = [EDITED, message(2, { rev: 5 }), REACTED];
    const rooms = observation.rooms.map((room) => ({ ...room, joined: { since: 0, changes } }));
    expectSentences(['the changes of a join and the history of general disagree on id2'], {
      ...observation,
      rooms,
    });
  });
});

describe('invariant 4 (order) for changes', () => {
  it('is broken by a change that overtakes an acknowledged one of the same user', () => {
    const changes = [
      { ...EDIT, attempts: onOtherConnection(DELETION.attempts) },
      { ...DELETION, attempts: EDIT.attempts },
    ];
    expectSentences(['edit-1 was sent after the ack of delete-2 but is stored before it'], {
      ...observed({}),
      changes: [...changes, REACTION],
    });
  });

  it('is broken by a change that overtakes one in flight on the same connection', () => {
    const acked: Outcome = { kind: 'ok', time: 55 };
    const changes = [
      { ...EDIT, attempts: [{ ...attempt(40, acked), number: 2 }] },
      { ...DELETION, attempts: [{ ...attempt(40, acked), number: 1 }] },
    ];
    expectSentences(['edit-1 was sent on ada/1 after delete-2 but is stored before it'], {
      ...observed({}),
      changes: [...changes, REACTION],
    });
  });
});

describe('invariant 5 (convergence) for changes', () => {
  it.each<[string, Message]>([
    ['text', message(1, { rev: 4, text: 'text 1', editedAt: AT })],
    ['time of the edit', message(1, { rev: 4, text: 'edited' })],
  ])('is broken by a client that shows a stale %s', (_, shown) => {
    expectSentences(
      [
        'reader is missing 1 messages of general: 1 (id1)',
        'reader shows 1 messages of general that differ from the store: 1 (id1)',
      ],
      observed({ shown: [shown, DELETED, REACTED] }),
    );
  });

  it('is broken by a client that shows a different number of reactions', () => {
    const reactions = [{ emoji: LIKE, count: 2, userIds: [EVE, ADA] }];
    expectSentences(
      [
        'reader is missing 1 messages of general: 3 (id3)',
        'reader shows 1 messages of general that differ from the store: 3 (id3)',
      ],
      observed({ shown: [EDITED, DELETED, { ...REACTED, reactions }] }),
    );
  });

  it('is broken by a client that shows a reaction of another user as its own', () => {
    const reactions = [{ emoji: LIKE, count: 1, userIds: [EVE], mine: true }];
    expectSentences(
      ['reader shows wrong own reactions in general: 3 (id3)'],
      observed({ shown: [EDITED, DELETED, { ...REACTED, reactions }] }),
    );
  });

  it('is broken by clients that receive different changes at one rev', () => {
    const other = changed(4, 'id1', { kind: 'edited', text: 'edited', editedAt: '2027' });
    const events = EVENTS.map((event, index) => (index === 3 ? other : event));
    const observation = observed({});
    const connections = [...observation.connections, { ...connection(events), name: 'listener/1' }];
    expectSentences(
      ['listener/1 received rev 4 of general as a different change than other clients'],
      { ...observation, connections },
    );
  });

  it('is broken by a change that was delivered but is not stored', () => {
    const before = message(1, { rev: 1, text: 'text 1' });
    const { violations } = check(observed({ stored: [before, DELETED, REACTED] }));
    expect(violations).toContainEqual({
      invariant: 5,
      what: 'clients received rev 4 of general, but its message id1 is stored at an earlier one',
    });
  });

  it.each<[string, ReceivedEvent]>([
    ['in a live event', changed(7, 'id2', { kind: 'edited', text: 'back', editedAt: AT })],
    ['in a join', { kind: 'joined', rev: 6, changes: [message(2, { rev: 5 })], time: 80 }],
    ['on a page', { kind: 'page', changes: [message(2)], requestedAt: 80, time: 90 }],
  ])('is broken by the text of a deleted message %s', (_, event) => {
    const observation = observed({ events: [...EVENTS, event] });
    expect(check(observation).violations).toContainEqual({
      invariant: 5,
      what: 'reader received the content of message id2 after its deletion',
    });
  });

  it('holds when a page that was requested before the deletion arrives after it', () => {
    const page: ReceivedEvent = { kind: 'page', changes: [message(2)], requestedAt: 1, time: 90 };
    expect(check(observed({ events: [...EVENTS, page] })).violations).toEqual([]);
  });
});

describe('the recovery of a sender', () => {
  it('includes a change that is rejected with NOT_FOUND', () => {
    const notFound: Outcome = {
      kind: 'error',
      code: 'NOT_FOUND',
      retryAfterMs: undefined,
      time: 71,
    };
    const late: ChangeRequest = {
      ...request('edit-2', ADA, 'id2', { kind: 'edit', text: 'late' }, 70),
      attempts: [attempt(70, notFound)],
    };
    const fault = { startedAt: 0, endedAt: 66 };
    const { violations, counts } = check({ ...observed({ requests: [late] }), fault });
    expect(violations).toEqual([]);
    expect(counts.recoveredMs).toBe(5);
  });
});

describe('invariant 6 (nothing is dropped) for changes', () => {
  const rejected = (code: string, time = 71): Outcome => ({
    kind: 'error',
    code,
    retryAfterMs: code === 'UNAVAILABLE' ? 100 : undefined,
    time,
  });
  const edit = (messageId: string, outcome: Outcome): ChangeRequest => ({
    ...request('edit-x', ADA, messageId, { kind: 'edit', text: 'x' }, 70),
    attempts: [attempt(70, outcome)],
  });

  it('holds when a change of a deleted message is rejected with NOT_FOUND', () => {
    const requests = [edit('id2', rejected('NOT_FOUND'))];
    expect(check(observed({ requests })).violations).toEqual([]);
  });

  it('is broken by NOT_FOUND for a message that clients have received', () => {
    const requests = [edit('id3', rejected('NOT_FOUND'))];
    expectSentences(['edit-x was rejected with NOT_FOUND'], observed({ requests }));
  });

  it('is broken by an error that is not retryable', () => {
    const requests = [edit('id3', rejected('FORBIDDEN'))];
    expectSentences(['edit-x was rejected with FORBIDDEN'], observed({ requests }));
  });

  it('is broken by an unanswered change while chat is reachable', () => {
    const requests = [edit('id3', { kind: 'no-ack', time: 5_070 })];
    const observation = { ...observed({ requests }), chatAvailable: true };
    expectSentences(['edit-x got no acknowledgement'], observation);
  });
});

/**
 * Expects that exactly these sentences report the planted fault.
 *
 * @param only the invariant whose violations are considered; undefined for all
 */
function expectSentences(
  sentences: readonly string[],
  planted: Observation,
  only?: Invariant,
): void {
  const found = check(planted).violations.filter(
    ({ invariant }) => only === undefined || invariant === only,
  );
  expect(found.map(({ what }) => what)).toEqual(sentences);
}

interface Planted {
  /** Requests after the usual ones. */
  readonly requests?: readonly ChangeRequest[];
  readonly events?: readonly ReceivedEvent[];
  readonly stored?: readonly Message[];
  readonly shown?: readonly Message[];
  readonly rev?: number;
}

function observed({
  requests = [],
  events = EVENTS,
  stored = [EDITED, DELETED, REACTED],
  shown = stored,
  rev = 6,
}: Planted): Observation {
  return {
    fault: { startedAt: 0, endedAt: 1 },
    chatAvailable: false,
    maxDeliveryMs: undefined,
    convergedAt: 200,
    unsettled: [],
    sends: [1, 2, 3].map((seq) => ({
      clientMessageId: `c${seq}`,
      roomId: ROOM,
      userId: ADA,
      text: `text ${seq}`,
      attempts: [attempt(seq * 10, { kind: 'ok', id: `id${seq}`, time: seq * 10 + 5 })],
    })),
    changes: [EDIT, DELETION, REACTION, ...requests],
    connections: [connection(events)],
    views: [
      {
        client: 'reader',
        userId: 'reader',
        roomId: ROOM,
        messages: shown,
        rev,
        window: false,
        emitted: shown.map(({ id, seq }) => ({ id, rev: seq, isNew: true })),
        wasReset: false,
      },
    ],
    rooms: [
      {
        roomId: ROOM,
        rev,
        messages: stored,
        changes: stored.toSorted((a, b) => a.rev - b.rev),
        joined: { since: 0, changes: stored },
      },
    ],
    nonMember: {
      userId: 'mallory',
      events: [],
      statuses: [404],
      acks: ['NOT_FOUND'],
      publicMessagesSeen: 1,
    },
    smoothFrom: undefined,
    readPositions: movedPosition(ROOM),
    deadLetterIds: [],
    processes: [{ name: 'chat-1', peakRssBytes: 1, unexpectedExitAt: undefined }],
    rssLimitBytes: 2,
    evidence: ['sends rejected: 1'],
  };
}

function connection(events: readonly ReceivedEvent[]): Observation['connections'][number] {
  const joined: ReceivedEvent = { kind: 'joined', rev: 0, changes: [], time: 0 };
  return {
    name: 'reader/1',
    openedAt: 0,
    closedAt: undefined,
    received: { [ROOM]: [joined, ...events] },
  };
}

function message(seq: number, state: Partial<Message> = {}): Message {
  return {
    id: `id${seq}`,
    roomId: ROOM,
    seq,
    rev: seq,
    userId: ADA,
    username: 'Ada',
    text: `text ${seq}`,
    timestamp: AT,
    clientMessageId: `c${seq}`,
    ...state,
  };
}

function changed(rev: number, messageId: string, change: MessageDelta): LiveEvent {
  return { kind: 'changed', changed: { roomId: ROOM, rev, messageId, change }, time: rev * 10 + 6 };
}

/** A request that is acknowledged after 5 ms. */
function request(
  name: string,
  userId: string,
  messageId: string,
  change: RequestedChange,
  startedAt: number,
): ChangeRequest {
  const attempts = [attempt(startedAt, { kind: 'ok', time: startedAt + 5 })];
  return { name, roomId: ROOM, userId, messageId, change, attempts };
}

function onOtherConnection(attempts: readonly Attempt[]): Attempt[] {
  return attempts.map((original) => ({ ...original, connection: 'ada/2' }));
}

function attempt(startedAt: number, outcome: Outcome): Attempt {
  return { startedAt, connection: 'ada/1', number: startedAt, outcome };
}
