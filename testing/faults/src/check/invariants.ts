import { type Message, RETRYABLE_CODES } from '@chat/contracts';
import { arrivals } from './disturbance.ts';
import type {
  Attempt,
  ConnectionLog,
  Observation,
  RoomHistory,
  Send,
  Shown,
  View,
} from './observation.ts';
import { recoveryTimes } from './recovery.ts';

/** As numbered in docs/architecture.md, "Invariants". */
export type Invariant = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface Violation {
  readonly invariant: Invariant;
  /** One sentence, with the ids that are needed for the search in logs and store. */
  readonly what: string;
}

/** Statuses that an outsider may get for a private room: not found, or temporarily unavailable. */
const OUTSIDER_STATUSES: ReadonlySet<number | undefined> = new Set([
  undefined,
  404,
  429,
  502,
  503,
  504,
]);
/** Error codes that an outsider may get for a private room. */
const OUTSIDER_ANSWERS: ReadonlySet<string | undefined> = new Set([
  undefined,
  'NOT_FOUND',
  'UNAVAILABLE',
  'RATE_LIMITED',
]);

const RETRYABLE: ReadonlySet<string> = RETRYABLE_CODES;

const CHECKS: Readonly<Record<Invariant, (observation: Observation) => Iterable<string>>> = {
  1: storedAsSent,
  2: storedAndShownOnce,
  3: gaplessAndIncreasing,
  4: inOrderOfSending,
  5: recovered,
  6: nothingDropped,
  7: nothingForOutsiders,
  8: memoryBounded,
};

/** Returns the violations of all invariants. */
export function violationsOf(observation: Observation): Violation[] {
  return Object.entries(CHECKS).flatMap(([number, check]) =>
    [...check(observation)].map((what) => ({ invariant: Number(number) as Invariant, what })),
  );
}

/** Every acknowledged message is stored, under the id, key and text of its send. */
function* storedAsSent({ sends, rooms, deadLetterIds }: Observation): Iterable<string> {
  const keys = new Map<string, string>();
  const texts = new Map(sends.map((send) => [keyOf(send.roomId, send), send.text]));
  for (const { roomId, messages } of rooms) {
    for (const message of messages) {
      const key = keyOf(roomId, message);
      keys.set(message.id, key);
      const text = texts.get(key);
      if (text !== undefined && text !== message.text) yield `${key} is stored with another text`;
      if (message.roomId !== roomId) yield `${key} is stored with room ${message.roomId}`;
    }
  }
  const dead = new Set(deadLetterIds);
  for (const send of sends) {
    const key = keyOf(send.roomId, send);
    for (const { outcome } of send.attempts) {
      if (outcome.kind !== 'ok') continue;
      const { id } = outcome;
      const stored = keys.get(id);
      if (stored === undefined) yield `${key} (${id}) was acknowledged and is not stored`;
      else if (stored !== key) yield `${key} was acknowledged as ${id}, which is ${stored}`;
      if (dead.has(id)) yield `${key} (${id}) was acknowledged and is a dead letter`;
    }
  }
}

function* storedAndShownOnce(observation: Observation): Iterable<string> {
  const { rooms, connections, views, sends, outsider } = observation;
  const sent = new Set(sends.map((send) => keyOf(send.roomId, send)));
  for (const { roomId, messages, changes } of rooms) {
    for (const id of repeated(messages.map((message) => message.id))) {
      yield `message ${id} is in the history of ${roomId} more than once`;
    }
    for (const key of repeated(messages.map((message) => keyOf(roomId, message)))) {
      yield `${key} is stored more than once`;
    }
    // Messages of the outsider violate invariant 7.
    const byMembers = messages.filter(({ userId }) => userId !== outsider.userId);
    for (const key of new Set(byMembers.map((message) => keyOf(roomId, message)))) {
      if (!sent.has(key)) yield `${key} is stored and no client sent it`;
    }
    for (const rev of repeated(changes.map(({ rev }) => rev))) {
      yield `rev ${rev} is in the changes of ${roomId} more than once`;
    }
  }
  for (const { name, shown } of connections) {
    for (const [roomId, entries] of Object.entries(shown)) {
      const shownMessages = entries.flatMap((entry) =>
        entry.kind === 'message' ? [entry.message] : [],
      );
      for (const rev of repeated(shownMessages.map(({ rev }) => rev))) {
        yield `${name} received rev ${rev} of ${roomId} more than once`;
      }
    }
  }
  for (const { client, roomId, messages, announced } of views) {
    for (const id of repeated(messages.map(({ id }) => id))) {
      yield `${client} shows message ${id} of ${roomId} more than once`;
    }
    for (const rev of repeated(announced)) {
      yield `${client} announced rev ${rev} of ${roomId} more than once`;
    }
  }
}

function* gaplessAndIncreasing({ rooms, connections, views }: Observation): Iterable<string> {
  for (const { roomId, messages, changes } of rooms) {
    const seqs = messages.map(({ seq }) => seq);
    const revs = changes.map(({ rev }) => rev);
    yield* gapIn(seqs, (gap) => `the seqs of ${roomId} have a gap at ${gap}`);
    yield* gapIn(revs, (gap) => `the revs of ${roomId} have a gap at ${gap}`);
    yield* disagreements({ roomId, messages, changes });
  }
  for (const connection of connections) yield* gapsOnConnection(connection);
  if (!connections.some(({ shown }) => Object.values(shown).flat().some(isMessage))) {
    yield 'no connection received a message: the run proves nothing';
  }
  for (const { client, roomId, announced } of views) {
    for (const [index, rev] of announced.entries()) {
      const before = announced[index - 1];
      if (before === undefined || rev === before || rev === before + 1) continue;
      yield `${client} announced rev ${rev} of ${roomId} after ${before}`;
    }
  }
}

function* disagreements({ roomId, messages, changes }: RoomHistory): Iterable<string> {
  const differing = [...without(changes, messages), ...without(messages, changes)];
  for (const id of new Set(differing.map((message) => message.id))) {
    yield `the changes and the history of ${roomId} disagree on ${id}`;
  }
}

/** After a join at rev n, the events of a connection have the revs n + 1, n + 2, … */
function* gapsOnConnection({ name, shown }: ConnectionLog): Iterable<string> {
  for (const [roomId, entries] of Object.entries(shown)) {
    let last: Shown | undefined;
    for (const entry of entries) {
      const [before, now] = [last && revOf(last), revOf(entry)];
      if (before !== undefined && entry.kind === 'joined' && now < before) {
        yield `${name} joined ${roomId} at rev ${now} after it received ${before}`;
      }
      // A repeated event violates invariant 2.
      const again = last?.kind === 'message' && now === before;
      if (before !== undefined && entry.kind === 'message' && now !== before + 1 && !again) {
        yield `${name} received rev ${now} of ${roomId} after ${before}`;
      }
      last = entry;
    }
  }
}

/** Messages of each sender in each room are stored in the order in which they were sent. */
function* inOrderOfSending({ sends, rooms }: Observation): Iterable<string> {
  const seqs = new Map(
    rooms.flatMap(({ roomId, messages }) =>
      messages.map((message) => [keyOf(roomId, message), message.seq] as const),
    ),
  );
  const bySender = Map.groupBy(sends, ({ userId, roomId }) => `${userId} ${roomId}`);
  for (const ofOne of bySender.values()) {
    const acknowledged = ofOne.flatMap((send) => acknowledgementOf(send, seqs));
    yield* overtakenAfterAck(acknowledged);
    yield* overtakenInFlight(acknowledged);
    yield* acceptedAfterRefusal(ofOne, (send) => seqs.get(keyOf(send.roomId, send)));
    yield* overtakenInOutbox(ofOne, seqs);
  }
}

interface Acknowledged {
  readonly send: Send;
  readonly seq: number;
  readonly startedAt: number;
  readonly ackedAt: number;
  readonly connection: string;
  readonly number: number;
  /** Whether the first attempt was acknowledged. */
  readonly firstAttempt: boolean;
}

function acknowledgementOf(send: Send, seqs: ReadonlyMap<string, number>): Acknowledged[] {
  const [first] = send.attempts;
  const ok = send.attempts.find(({ outcome }) => outcome.kind === 'ok');
  if (!first || ok?.outcome.kind !== 'ok') return [];
  const seq = seqs.get(keyOf(send.roomId, send));
  if (seq === undefined) return [];
  const { startedAt, connection, number } = first;
  return [
    {
      send,
      seq,
      startedAt,
      ackedAt: ok.outcome.at,
      connection,
      number,
      firstAttempt: ok === first,
    },
  ];
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
      if (!latest || earlier.seq > latest.seq) latest = earlier;
      next += 1;
    }
    if (latest && latest.seq > later.seq) {
      yield `${later.send.clientMessageId} was sent after the ack of ${latest.send.clientMessageId} and is stored before it`;
    }
  }
}

/** Considers only sends acknowledged at the first attempt; retries are checked separately. */
function* overtakenInFlight(acknowledged: readonly Acknowledged[]): Iterable<string> {
  const firstAttempts = acknowledged.filter((one) => one.firstAttempt);
  for (const together of Map.groupBy(firstAttempts, ({ connection }) => connection).values()) {
    const inOrder = together.toSorted((a, b) => a.number - b.number);
    for (const [index, later] of inOrder.entries()) {
      const earlier = inOrder[index - 1];
      if (earlier && earlier.seq > later.seq) {
        yield `${later.send.clientMessageId} was sent on ${later.connection} after ${earlier.send.clientMessageId} and is stored before it`;
      }
    }
  }
}

/**
 * When one of several sends in flight is refused, the later ones that wait with it must be refused
 * too. A send that reaches the server after the refusal may be accepted, but must not be stored
 * before the refused one.
 */
function* acceptedAfterRefusal(
  sends: readonly Send[],
  seqOf: (send: Send) => number | undefined,
): Iterable<string> {
  const all = sends.flatMap((send) => send.attempts.map((attempt) => ({ send, attempt })));
  const byConnection = Map.groupBy(all, ({ attempt }) => attempt.connection);
  for (const onOne of byConnection.values()) {
    for (const { send, attempt: refused } of onOne) {
      if (!isRetryable(refused)) continue;
      for (const { send: later, attempt } of onOne) {
        const inFlight = attempt.number > refused.number && attempt.startedAt < refused.outcome.at;
        const overtakes = (seqOf(later) ?? Infinity) < (seqOf(send) ?? 0);
        if (inFlight && overtakes && attempt.outcome.kind === 'ok') {
          yield `${later.clientMessageId} was accepted on ${attempt.connection} although ${send.clientMessageId} before it was refused, and is stored before it`;
        }
      }
    }
  }
}

/** The client library sends in order in all conditions; it does not report its attempts. */
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
      yield `${later.send.clientMessageId} was put into the outbox after ${earlier.send.clientMessageId} and is stored before it`;
    }
  }
}

function* recovered(observation: Observation): Iterable<string> {
  const { views, rooms, convergedAt, unsettled, maxDeliveryMs = Infinity } = observation;
  if (convergedAt === undefined) {
    yield `clients did not converge with the store in time (${unsettled.join(', ')})`;
  }
  yield* differences(views, rooms);
  for (const { client, roomId, wasReset } of views) {
    if (wasReset) yield `${client} discarded its messages of ${roomId} and reloaded the room`;
  }
  for (const [sender, recoveredMs] of recoveryTimes(observation)) {
    if (recoveredMs === undefined) yield `${sender} was never acknowledged after the fault`;
  }
  const latest = Math.max(0, ...arrivals(observation).map(({ ms }) => ms));
  if (latest > maxDeliveryMs) yield `a message arrived ${latest} ms after it was accepted`;
  const viewed = new Set(views.map(({ roomId }) => roomId));
  for (const { roomId } of rooms) {
    if (!viewed.has(roomId)) yield `no client showed ${roomId}: the run proves nothing about it`;
  }
}

/** Where what clients hold differs from what is stored. */
export function* differences(
  views: readonly View[],
  rooms: readonly RoomHistory[],
): Iterable<string> {
  const histories = new Map(rooms.map(({ roomId, messages }) => [roomId, messages]));
  for (const { client, roomId, messages, rev, window } of views) {
    const history = histories.get(roomId) ?? [];
    const expected = window && messages.length > 0 ? history.slice(-messages.length) : history;
    const head = Math.max(0, ...history.map((message) => message.rev));
    if (rev !== head) yield `${client} is at rev ${rev} of ${roomId}, the store at ${head}`;
    const missing = without(expected, messages);
    const surplus = without(messages, expected);
    if (missing.length > 0) {
      yield `${client} misses ${missing.length} messages of ${roomId}: ${named(missing)}`;
    }
    if (surplus.length > 0) {
      yield `${client} shows ${surplus.length} messages of ${roomId} that differ from the store: ${named(surplus)}`;
    }
    if (missing.length + surplus.length === 0 && !sameOrder(expected, messages)) {
      yield `${client} shows ${roomId} in another order than the store`;
    }
  }
}

function* nothingDropped({ sends, rooms, chatAvailable }: Observation): Iterable<string> {
  const stored = new Set(
    rooms.flatMap(({ roomId, messages }) => messages.map((message) => keyOf(roomId, message))),
  );
  if (sends.length === 0) yield 'no message was sent: the run proves nothing';
  for (const send of sends) {
    const key = keyOf(send.roomId, send);
    if (!stored.has(key)) yield `${key} was never stored`;
    for (const { outcome } of send.attempts) {
      if (outcome.kind === 'no-answer' && chatAvailable) yield `${key} was not answered`;
      if (outcome.kind !== 'error') continue;
      const { code, retryAfterMs } = outcome;
      if (code === undefined) yield `${key} was refused without a code`;
      else if (!RETRYABLE.has(code)) yield `${key} was refused with ${code}`;
      else if (retryAfterMs === undefined) {
        yield `${key} was refused with ${code} without retryAfterMs`;
      }
    }
  }
}

function* nothingForOutsiders({ outsider, rooms }: Observation): Iterable<string> {
  for (const { roomId, messages } of rooms) {
    if (messages.some(({ userId }) => userId === outsider.userId)) {
      yield `a message of the outsider is stored in ${roomId}`;
    }
  }
  for (const event of new Set(outsider.events)) {
    yield `an outsider received ${event} of the private room`;
  }
  for (const status of new Set(outsider.statuses)) {
    if (!OUTSIDER_STATUSES.has(status)) {
      yield `an outsider's request for the private history was answered with ${String(status)}`;
    }
  }
  for (const answer of new Set(outsider.answers)) {
    if (!OUTSIDER_ANSWERS.has(answer)) {
      yield `an outsider's event for the private room was answered with ${String(answer)}`;
    }
  }
  if (!outsider.statuses.includes(404)) yield 'an outsider never got 404 for the private room';
  if (outsider.publicMessagesSeen === 0) {
    yield 'the outsider received no public message: the run proves nothing';
  }
}

function* memoryBounded({ processes, rssLimitBytes }: Observation): Iterable<string> {
  if (processes.length === 0) yield 'no process was monitored: the run proves nothing';
  for (const { name, peakRssBytes, unexpectedExitAt } of processes) {
    if (peakRssBytes === 0) yield `the memory of ${name} was not measured`;
    if (peakRssBytes > rssLimitBytes) yield `${name} used ${mebibytes(peakRssBytes)} of memory`;
    if (unexpectedExitAt !== undefined) yield `${name} exited unexpectedly`;
  }
}

function revOf(entry: Shown): number {
  return entry.kind === 'message' ? entry.message.rev : entry.rev;
}

function isMessage(entry: Shown): boolean {
  return entry.kind === 'message';
}

function isRetryable({ outcome }: Attempt): boolean {
  return outcome.kind === 'error' && outcome.code !== undefined && RETRYABLE.has(outcome.code);
}

/** Describes the idempotency key of a message: client message id, user and room. */
function keyOf(
  roomId: string,
  { userId, clientMessageId }: Pick<Message, 'userId' | 'clientMessageId'>,
): string {
  return `${clientMessageId ?? 'a message without a key'} of ${userId} in ${roomId}`;
}

/** Returns the values that occur more than once. */
function repeated<T>(values: Iterable<T>): Set<T> {
  const seen = new Set<T>();
  const duplicates = new Set<T>();
  for (const value of values) (seen.has(value) ? duplicates : seen).add(value);
  return duplicates;
}

/** Reports the first position at which the sequence 1, 2, 3 … is interrupted. */
function* gapIn(numbers: readonly number[], describe: (gap: string) => string): Iterable<string> {
  const index = numbers.findIndex((number, position) => number !== position + 1);
  if (index !== -1) yield describe(`${index + 1}, where ${numbers[index] ?? 'nothing'} is`);
}

function without(these: readonly Message[], those: readonly Message[]): Message[] {
  const known = new Set(those.map(identityOf));
  return these.filter((message) => !known.has(identityOf(message)));
}

function identityOf({ id, seq, rev, roomId, userId, text }: Message): string {
  return [id, seq, rev, roomId, userId, text].join(' ');
}

function sameOrder(these: readonly Message[], those: readonly Message[]): boolean {
  return (
    these.length === those.length &&
    these.every((message, index) => message.id === those[index]?.id)
  );
}

/** Lists the first five messages. */
function named(messages: readonly Message[]): string {
  const few = messages.slice(0, 5).map(({ seq, id }) => `${seq} (${id})`);
  return messages.length > few.length ? `${few.join(', ')}, …` : few.join(', ');
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
