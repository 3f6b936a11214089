import { type Message, RETRYABLE_CODES } from '@chat/contracts';
import { checkAnswered, checkChangesAnswered } from './answered-changes.ts';
import {
  checkCoverage,
  checkDeletedTexts,
  checkDeliveredAlike,
  checkDeliveredOnce,
  coverageOf,
  deliveredRevs,
} from './delivered-log.ts';
import { arrivals } from './disruption.ts';
import {
  isLiveEvent,
  type Attempt,
  type Observation,
  type RoomHistory,
  type Send,
  type View,
} from './observation.ts';
import {
  checkDevicesAgree,
  checkNoPositionLeak,
  checkPositionsAnswered,
  checkPositionsFitSeqs,
  checkPositionsOrdered,
  checkPositionsStored,
} from './read-positions.ts';
import { recoveryTimes } from './recovery.ts';
import { acknowledgedAt, memberOf } from './request-order.ts';
import { checkChangesStored, checkReactionsCountedOnce } from './stored-changes.ts';

/** As numbered in docs/architecture.md, "Invariants". */
export type Invariant = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface Violation {
  readonly invariant: Invariant;
  /** One sentence, with the ids needed to search the logs and the store. */
  readonly what: string;
}

/** Statuses that a non-member may get for a private room: not found, or temporarily unavailable. */
const NON_MEMBER_STATUSES: ReadonlySet<number | undefined> = new Set([
  undefined,
  404,
  429,
  502,
  503,
  504,
]);
/** Error codes that a non-member may get for a private room. */
const NON_MEMBER_ERROR_CODES: ReadonlySet<string | undefined> = new Set([
  undefined,
  'NOT_FOUND',
  'UNAVAILABLE',
  'RATE_LIMITED',
]);

const RETRYABLE: ReadonlySet<string> = RETRYABLE_CODES;

type Check = (observation: Observation) => Iterable<string>;

/** Checks of each invariant. */
const CHECKS: Readonly<Record<Invariant, readonly Check[]>> = {
  1: [checkStoredAsSent, checkChangesStored, checkPositionsStored],
  2: [checkStoredAndReceivedOnce, checkReactionsCountedOnce, checkDeliveredOnce],
  3: [checkGaplessAndIncreasing, checkCoverage, checkPositionsFitSeqs],
  4: [checkSendingOrder, checkChangeOrder, checkPositionsOrdered],
  5: [checkRecovered, checkDeliveredAlike, checkDeletedTexts, checkDevicesAgree],
  6: [checkNothingDropped, checkChangesAnswered, checkPositionsAnswered],
  7: [checkNoLeakToNonMembers, checkNoPositionLeak],
  8: [checkMemoryBounded],
};

/** Returns the violations of all invariants. */
export function violationsOf(observation: Observation): Violation[] {
  return Object.entries(CHECKS).flatMap(([number, checks]) =>
    checks
      .flatMap((check) => [...check(observation)])
      .map((what) => ({ invariant: Number(number) as Invariant, what })),
  );
}

/** Every acknowledged message is stored with the id and key that it was sent with. */
function* checkStoredAsSent({ sends, rooms, deadLetterIds }: Observation): Iterable<string> {
  const keys = new Map<string, string>();
  for (const { roomId, messages } of rooms) {
    for (const message of messages) {
      const key = keyOf(roomId, message);
      keys.set(message.id, key);
      if (message.roomId !== roomId) yield `${key} is stored in room ${message.roomId}`;
    }
  }
  const dead = new Set(deadLetterIds);
  for (const send of sends) {
    const key = keyOf(send.roomId, send);
    for (const { outcome } of send.attempts) {
      if (outcome.kind !== 'ok') continue;
      const { id } = outcome;
      if (id === undefined) {
        yield `${key} was acknowledged without an id`;
        continue;
      }
      const stored = keys.get(id);
      if (stored === undefined) yield `${key} (${id}) was acknowledged but is not stored`;
      else if (stored !== key) {
        yield `${key} was acknowledged with id ${id}, which belongs to ${stored}`;
      }
      if (dead.has(id)) yield `${key} (${id}) was acknowledged but was dead-lettered`;
    }
  }
}

function* checkStoredAndReceivedOnce(observation: Observation): Iterable<string> {
  const { rooms, connections, views, sends, nonMember } = observation;
  const sent = new Set(sends.map((send) => keyOf(send.roomId, send)));
  for (const { roomId, messages, changes } of rooms) {
    for (const id of repeated(messages.map((message) => message.id))) {
      yield `message ${id} is in the history of ${roomId} more than once`;
    }
    for (const key of repeated(messages.map((message) => keyOf(roomId, message)))) {
      yield `${key} is stored more than once`;
    }
    // Messages from the non-member violate invariant 7 instead.
    const byMembers = messages.filter(({ userId }) => userId !== nonMember.userId);
    for (const key of new Set(byMembers.map((message) => keyOf(roomId, message)))) {
      if (!sent.has(key)) yield `${key} is stored but no client sent it`;
    }
    for (const rev of repeated(changes.map(({ rev }) => rev))) {
      yield `rev ${rev} is in the changes of ${roomId} more than once`;
    }
  }
  for (const { name, received } of connections) {
    for (const [roomId, entries] of Object.entries(received)) {
      const revs = entries.filter(isLiveEvent).map((event) => coverageOf(event).rev);
      for (const rev of repeated(revs)) {
        yield `${name} received rev ${rev} of ${roomId} more than once`;
      }
    }
  }
  for (const { client, roomId, messages, emitted } of views) {
    for (const id of repeated(messages.map(({ id }) => id))) {
      yield `${client} shows message ${id} of ${roomId} more than once`;
    }
    for (const state of repeated(emitted.map(({ id, rev }) => `${id} at rev ${rev}`))) {
      yield `${client} emitted message ${state} of ${roomId} more than once`;
    }
    for (const id of repeated(emitted.flatMap(({ id, isNew }) => (isNew ? [id] : [])))) {
      yield `${client} emitted message ${id} of ${roomId} as new more than once`;
    }
  }
}

function* checkGaplessAndIncreasing(observation: Observation): Iterable<string> {
  const { rooms, connections, views, changes: requests } = observation;
  for (const room of rooms) {
    const { roomId, rev, messages, changes } = room;
    const seqs = messages.map(({ seq }) => seq);
    yield* gapIn(seqs, (gap) => `the seqs of ${roomId} have a gap at ${gap}`);
    yield* disorderIn(room);
    const requested = requests.filter((request) => request.roomId === roomId).length;
    if (rev > messages.length + requested) {
      yield `the log of ${roomId} has ${rev} revs, but ${messages.length} messages and ${requested} changes`;
    }
    yield* disagreements(roomId, 'changes', messages, changes);
    const { since } = room.joined;
    const later = messages.filter((message) => message.rev > since);
    yield* disagreements(roomId, 'changes of a join', later, room.joined.changes);
  }
  if (!connections.some(({ received }) => Object.values(received).flat().some(isMessage))) {
    yield 'no connection received a message: the run is inconclusive';
  }
  for (const view of views) yield* emissionGaps(view);
}

/** Changes are in the order of rev; each rev belongs to one message, and the last one is the head. */
function* disorderIn({ roomId, rev, changes }: RoomHistory): Iterable<string> {
  for (const [index, change] of changes.entries()) {
    const before = changes[index - 1]?.rev ?? 0;
    if (change.rev < before)
      yield `the changes of ${roomId} have rev ${change.rev} after ${before}`;
  }
  const last = Math.max(0, ...changes.map((change) => change.rev));
  if (last > rev) yield `the changes of ${roomId} have rev ${last}, but end at ${rev}`;
}

/** A client emits every message that it shows as new, and later states of it in the order of rev. */
function* emissionGaps({ client, roomId, messages, emitted }: View): Iterable<string> {
  const revs = new Map<string, number>();
  for (const { id, rev, isNew } of emitted) {
    const before = revs.get(id);
    if (!isNew && before === undefined) {
      yield `${client} emitted a change of message ${id} of ${roomId} before the message`;
    }
    if (before !== undefined && rev < before) {
      yield `${client} emitted rev ${rev} of message ${id} of ${roomId} after ${before}`;
    }
    revs.set(id, rev);
  }
  for (const { id } of messages) {
    if (!revs.has(id)) yield `${client} shows message ${id} of ${roomId}, but never emitted it`;
  }
}

function* disagreements(
  roomId: string,
  name: string,
  messages: readonly Message[],
  changes: readonly Message[],
): Iterable<string> {
  const differing = [...difference(changes, messages), ...difference(messages, changes)];
  for (const id of new Set(differing.map((message) => message.id))) {
    yield `the ${name} and the history of ${roomId} disagree on ${id}`;
  }
}

/** Messages of each sender in each room are stored in the order in which they were sent. */
function* checkSendingOrder({ sends, rooms }: Observation): Iterable<string> {
  const seqs = new Map(
    rooms.flatMap(({ roomId, messages }) =>
      messages.map((message) => [keyOf(roomId, message), message.seq] as const),
    ),
  );
  const bySender = Map.groupBy(sends, memberOf);
  for (const sendsOfSender of bySender.values()) {
    const acknowledged = sendsOfSender.flatMap((send) =>
      acknowledgementOf(send.clientMessageId, send.attempts, seqs.get(keyOf(send.roomId, send))),
    );
    yield* overtakenAfterAck(acknowledged);
    yield* overtakenInFlight(acknowledged);
    yield* acceptedAfterRejection(sendsOfSender, (send) => seqs.get(keyOf(send.roomId, send)));
    yield* overtakenInOutbox(sendsOfSender, seqs);
  }
}

/** Changes of each sender in each room are in the log in the order in which they were requested. */
function* checkChangeOrder(observation: Observation): Iterable<string> {
  const revs = deliveredRevs(observation);
  const bySender = Map.groupBy(observation.changes, memberOf);
  for (const ofSender of bySender.values()) {
    const acknowledged = ofSender.flatMap((request) =>
      acknowledgementOf(request.name, request.attempts, revs.get(request)),
    );
    yield* overtakenAfterAck(acknowledged);
    yield* overtakenInFlight(acknowledged);
  }
}

interface Acknowledged {
  readonly name: string;
  /** The seq of a message, or the rev of a change. */
  readonly position: number;
  readonly startedAt: number;
  readonly ackedAt: number;
  readonly connection: string;
  readonly number: number;
  /** Whether the first attempt was acknowledged. */
  readonly firstAttempt: boolean;
}

function acknowledgementOf(
  name: string,
  attempts: readonly Attempt[],
  position: number | undefined,
): Acknowledged[] {
  const [first] = attempts;
  const ackedAt = acknowledgedAt({ attempts });
  if (!first || ackedAt === undefined || position === undefined) return [];
  const { startedAt, connection, number, outcome } = first;
  const firstAttempt = outcome.kind === 'ok';
  return [{ name, position, startedAt, ackedAt, connection, number, firstAttempt }];
}

function* overtakenAfterAck(acknowledged: readonly Acknowledged[]): Iterable<string> {
  const byStart = acknowledged.toSorted((a, b) => a.startedAt - b.startedAt);
  const byAck = acknowledged.toSorted((a, b) => a.ackedAt - b.ackedAt);
  let latest: Acknowledged | undefined;
  let next = 0;
  for (const later of byStart) {
    for (;;) {
      const earlier = byAck[next];
      if (!earlier || earlier.ackedAt >= later.startedAt) break;
      if (!latest || earlier.position > latest.position) latest = earlier;
      next += 1;
    }
    if (latest && latest.position > later.position) {
      yield `${later.name} was sent after the ack of ${latest.name} but is stored before it`;
    }
  }
}

/** Considers only requests acknowledged at the first attempt; retries are checked separately. */
function* overtakenInFlight(acknowledged: readonly Acknowledged[]): Iterable<string> {
  const firstAttempts = acknowledged.filter((attempt) => attempt.firstAttempt);
  for (const onConnection of Map.groupBy(firstAttempts, ({ connection }) => connection).values()) {
    const inOrder = onConnection.toSorted((a, b) => a.number - b.number);
    for (const [index, later] of inOrder.entries()) {
      const earlier = inOrder[index - 1];
      if (earlier && earlier.position > later.position) {
        yield `${later.name} was sent on ${later.connection} after ${earlier.name} but is stored before it`;
      }
    }
  }
}

/**
 * When one of several sends in flight is rejected, the later ones in flight with it must also be
 * rejected. A send that reaches the server after the rejection may be accepted, but must not be
 * stored before the rejected one.
 */
function* acceptedAfterRejection(
  sends: readonly Send[],
  seqOf: (send: Send) => number | undefined,
): Iterable<string> {
  const all = sends.flatMap((send) => send.attempts.map((attempt) => ({ send, attempt })));
  const byConnection = Map.groupBy(all, ({ attempt }) => attempt.connection);
  for (const attempts of byConnection.values()) {
    for (const { send, attempt: rejected } of attempts) {
      if (!isRetryable(rejected)) continue;
      for (const { send: later, attempt } of attempts) {
        const inFlight =
          attempt.number > rejected.number && attempt.startedAt < rejected.outcome.time;
        const overtakes = (seqOf(later) ?? Infinity) < (seqOf(send) ?? 0);
        if (inFlight && overtakes && attempt.outcome.kind === 'ok') {
          yield `${later.clientMessageId} was accepted on ${attempt.connection} although the earlier ${send.clientMessageId} was rejected, and is stored ahead of ${send.clientMessageId}`;
        }
      }
    }
  }
}

/** The client library sends in order under all conditions; it does not report its attempts. */
function* overtakenInOutbox(
  sends: readonly Send[],
  seqs: ReadonlyMap<string, number>,
): Iterable<string> {
  const stored = sends
    .filter(({ attempts }) => attempts.length === 0)
    .flatMap((send) => {
      const seq = seqs.get(keyOf(send.roomId, send));
      return seq === undefined ? [] : [{ send, seq }];
    });
  for (const [index, later] of stored.entries()) {
    const earlier = stored[index - 1];
    if (earlier && earlier.seq > later.seq) {
      yield `${later.send.clientMessageId} was put into the outbox after ${earlier.send.clientMessageId} but is stored before it`;
    }
  }
}

function* checkRecovered(observation: Observation): Iterable<string> {
  const { views, rooms, convergedAt, unsettled, maxDeliveryMs = Infinity } = observation;
  if (convergedAt === undefined) {
    yield `clients did not converge with the store in time (${unsettled.join(', ')})`;
  }
  yield* differences(views, rooms);
  for (const { client, roomId, wasReset } of views) {
    if (wasReset) yield `${client} discarded its messages of ${roomId} and reloaded the room`;
  }
  for (const [sender, recoveredMs] of recoveryTimes(observation)) {
    if (recoveredMs === undefined) yield `no send from ${sender} was acknowledged after the fault`;
  }
  const latest = Math.max(0, ...arrivals(observation).map(({ ms }) => ms));
  if (latest > maxDeliveryMs) yield `a message arrived ${latest} ms after it was accepted`;
  const viewed = new Set(views.map(({ roomId }) => roomId));
  for (const { roomId } of rooms) {
    if (!viewed.has(roomId)) yield `no client showed ${roomId}: the run is inconclusive about it`;
  }
}

/** Reports differences between the messages of clients and the stored messages. */
export function* differences(
  views: readonly View[],
  rooms: readonly RoomHistory[],
): Iterable<string> {
  const histories = new Map(rooms.map((room) => [room.roomId, room]));
  for (const { client, userId, roomId, messages, rev, window } of views) {
    const { messages: history = [], rev: head = 0 } = histories.get(roomId) ?? {};
    const expected = window && messages.length > 0 ? history.slice(-messages.length) : history;
    if (rev !== head) {
      yield `${client} is at rev ${rev} of ${roomId}, but the store is at rev ${head}`;
    }
    const missing = difference(expected, messages);
    const unexpected = difference(messages, expected);
    if (missing.length > 0) {
      yield `${client} is missing ${missing.length} messages of ${roomId}: ${summaryOf(missing)}`;
    }
    if (unexpected.length > 0) {
      yield `${client} shows ${unexpected.length} messages of ${roomId} that differ from the store: ${summaryOf(unexpected)}`;
    }
    if (missing.length + unexpected.length === 0 && !sameOrder(expected, messages)) {
      yield `${client} shows ${roomId} in a different order from the store`;
    }
    const unsure = messages.filter((message) => hasWrongOwnReaction(message, userId));
    if (unsure.length > 0) {
      yield `${client} shows wrong own reactions in ${roomId}: ${summaryOf(unsure)}`;
    }
  }
}

function* checkNothingDropped({ sends, rooms, chatAvailable }: Observation): Iterable<string> {
  const stored = new Set(
    rooms.flatMap(({ roomId, messages }) => messages.map((message) => keyOf(roomId, message))),
  );
  if (sends.length === 0) yield 'no message was sent: the run is inconclusive';
  for (const send of sends) {
    const key = keyOf(send.roomId, send);
    if (!stored.has(key)) yield `${key} was never stored`;
    for (const { outcome } of send.attempts) yield* checkAnswered(key, outcome, chatAvailable);
  }
}

function* checkNoLeakToNonMembers({ nonMember, rooms }: Observation): Iterable<string> {
  for (const { roomId, messages } of rooms) {
    if (messages.some(({ userId }) => userId === nonMember.userId)) {
      yield `a message from the non-member is stored in ${roomId}`;
    }
  }
  for (const event of new Set(nonMember.events)) {
    yield `the non-member received ${event} for the private room`;
  }
  for (const status of new Set(nonMember.statuses)) {
    if (!NON_MEMBER_STATUSES.has(status)) {
      yield `the non-member's request for the private room returned ${String(status)}`;
    }
  }
  for (const ack of new Set(nonMember.acks)) {
    if (!NON_MEMBER_ERROR_CODES.has(ack)) {
      yield `the non-member's event for the private room was acknowledged with ${String(ack)}`;
    }
  }
  if (!nonMember.statuses.includes(404)) {
    yield 'the non-member never received 404 for the private room';
  }
  if (nonMember.publicMessagesSeen === 0) {
    yield 'the non-member received no public message: the run is inconclusive';
  }
}

function* checkMemoryBounded({ processes, rssLimitBytes }: Observation): Iterable<string> {
  if (processes.length === 0) yield 'no process was monitored: the run is inconclusive';
  for (const { name, peakRssBytes, unexpectedExitAt } of processes) {
    if (peakRssBytes === 0) yield `the memory of ${name} was not measured`;
    if (peakRssBytes > rssLimitBytes) yield `${name} used ${mebibytes(peakRssBytes)} of memory`;
    if (unexpectedExitAt !== undefined) yield `${name} exited unexpectedly`;
  }
}

function isMessage({ kind }: { readonly kind: string }): boolean {
  return kind === 'message';
}

/** Whether the user's own reactions are wrong, where the user would be listed. */
function hasWrongOwnReaction({ reactions = [] }: Message, userId: string): boolean {
  return reactions.some(
    ({ count, userIds, mine }) =>
      mine !== undefined && count === userIds.length && mine !== userIds.includes(userId),
  );
}

function isRetryable({ outcome }: Attempt): boolean {
  return outcome.kind === 'error' && outcome.code !== undefined && RETRYABLE.has(outcome.code);
}

/** Describes the idempotency key of a message: client message id, user and room. */
function keyOf(
  roomId: string,
  { userId, clientMessageId }: Pick<Message, 'userId' | 'clientMessageId'>,
): string {
  return `${clientMessageId ?? 'a message with no key'} of ${userId} in ${roomId}`;
}

/** Returns the values that occur more than once. */
function repeated<T>(values: Iterable<T>): Set<T> {
  const seen = new Set<T>();
  const duplicates = new Set<T>();
  for (const value of values) (seen.has(value) ? duplicates : seen).add(value);
  return duplicates;
}

/** Reports the first position at which the sequence 1, 2, 3 … has a gap. */
function* gapIn(numbers: readonly number[], describe: (gap: string) => string): Iterable<string> {
  const index = numbers.findIndex((number, position) => number !== position + 1);
  if (index !== -1) yield describe(`${index + 1} (found ${numbers[index] ?? 'nothing'})`);
}

function difference(left: readonly Message[], right: readonly Message[]): Message[] {
  const known = new Set(right.map(identityOf));
  return left.filter((message) => !known.has(identityOf(message)));
}

/** The state of a message that all users see: without whether the reader reacted. */
function identityOf(message: Message): string {
  const { id, seq, rev, roomId, userId, text, editedAt, deletedAt, reactions = [] } = message;
  const reacted = reactions.map(({ emoji, count, userIds }) => [emoji, count, userIds]);
  return JSON.stringify([id, seq, rev, roomId, userId, text, editedAt, deletedAt, reacted]);
}

function sameOrder(left: readonly Message[], right: readonly Message[]): boolean {
  return (
    left.length === right.length && left.every((message, index) => message.id === right[index]?.id)
  );
}

/** Lists the first five messages. */
function summaryOf(messages: readonly Message[]): string {
  const few = messages.slice(0, 5).map(({ seq, id }) => `${seq} (${id})`);
  return messages.length > few.length ? `${few.join(', ')}, …` : few.join(', ');
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
