import { type Message, RETRYABLE_CODES } from '@chat/contracts';
import type { ConnectionLog, Observation, RoomHistory, Send, Shown, View } from './observation.ts';

/** As numbered in docs/architecture.md, "What always holds". */
export type Invariant = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface Violation {
  readonly invariant: Invariant;
  /** One sentence with the ids that are needed to look it up. */
  readonly what: string;
}

/** What an outsider may be told of a room: that there is none, or that nobody can say now. */
const OUTSIDER_STATUSES: ReadonlySet<number | undefined> = new Set([
  undefined,
  404,
  429,
  500,
  502,
  503,
  504,
]);
const OUTSIDER_ANSWERS: ReadonlySet<string | undefined> = new Set([
  undefined,
  'NOT_FOUND',
  'UNAVAILABLE',
  'RATE_LIMITED',
]);

const RETRYABLE: ReadonlySet<string> = RETRYABLE_CODES;

const CHECKS: Readonly<Record<Invariant, (observation: Observation) => Iterable<string>>> = {
  1: acknowledgedAreStored,
  2: storedAndShownOnce,
  3: gaplessAndIncreasing,
  4: inOrderOfSending,
  5: converged,
  6: nothingDropped,
  7: nothingForOutsiders,
  8: memoryBounded,
};

/** Everything that must not be, of all invariants. */
export function violationsOf(observation: Observation): Violation[] {
  return Object.entries(CHECKS).flatMap(([number, check]) =>
    [...check(observation)].map((what) => ({ invariant: Number(number) as Invariant, what })),
  );
}

function* acknowledgedAreStored({ sends, rooms, deadLetterIds }: Observation): Iterable<string> {
  const stored = new Set(rooms.flatMap(({ messages }) => messages.map(({ id }) => id)));
  const dead = new Set(deadLetterIds);
  for (const { clientMessageId, roomId, attempts } of sends) {
    for (const { outcome } of attempts) {
      if (outcome.kind !== 'ok') continue;
      const name = `${clientMessageId} (${outcome.id}) in ${roomId}`;
      if (!stored.has(outcome.id)) yield `${name} was acknowledged and is not stored`;
      if (dead.has(outcome.id)) yield `${name} was acknowledged and is a dead letter`;
    }
  }
}

function* storedAndShownOnce({ rooms, connections, views }: Observation): Iterable<string> {
  for (const { roomId, messages, changes } of rooms) {
    for (const key of repeated(messages.map(({ id }) => id))) {
      yield `message ${key} is in the history of ${roomId} more than once`;
    }
    for (const key of repeated(messages.filter(hasKey).map(keyOf))) {
      yield `${key} is stored in ${roomId} more than once`;
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
        yield `${name} was shown rev ${rev} of ${roomId} more than once`;
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
    yield* fromOne(seqs, (hole) => `the seqs of ${roomId} break at ${hole}`);
    yield* fromOne(revs, (hole) => `the revs of ${roomId} break at ${hole}`);
    yield* disagreements({ roomId, messages, changes });
  }
  for (const connection of connections) yield* breaksShownOn(connection);
  for (const { client, roomId, announced, beganAnew } of views) {
    for (const [index, rev] of announced.entries()) {
      const before = announced[index - 1];
      if (before === undefined || rev === before) continue;
      const allowed = beganAnew ? rev > before : rev === before + 1;
      if (!allowed) yield `${client} announced rev ${rev} of ${roomId} after ${before}`;
    }
  }
}

function* disagreements({ roomId, messages, changes }: RoomHistory): Iterable<string> {
  const byId = new Map(messages.map((message) => [message.id, message]));
  for (const change of changes) {
    const message = byId.get(change.id);
    if (message?.seq !== change.seq || message.rev !== change.rev) {
      yield `the changes and the history of ${roomId} disagree on ${change.id}`;
    }
  }
}

/** After a join that answered with a rev comes the next one, then the next. */
function* breaksShownOn({ name, shown }: ConnectionLog): Iterable<string> {
  for (const [roomId, entries] of Object.entries(shown)) {
    let last: Shown | undefined;
    for (const entry of entries) {
      const [before, now] = [last && revOf(last), revOf(entry)];
      if (before !== undefined && entry.kind === 'joined' && now < before) {
        yield `${name} was told that ${roomId} is at rev ${now} after it was shown ${before}`;
      }
      // The same event twice is another invariant's.
      const again = last?.kind === 'message' && now === before;
      if (before !== undefined && entry.kind === 'message' && now !== before + 1 && !again) {
        yield `${name} was shown rev ${now} of ${roomId} after ${before}`;
      }
      last = entry;
    }
  }
}

/** Per sender and room; only what one attempt each has decided says something about order. */
function* inOrderOfSending({ sends, rooms }: Observation): Iterable<string> {
  const seqs = new Map(
    rooms.flatMap(({ messages }) => messages.map(({ id, seq }) => [id, seq] as const)),
  );
  const bySender = Map.groupBy(sends, ({ userId, roomId }) => `${userId} ${roomId}`);
  for (const ofOne of bySender.values()) {
    const acknowledged = ofOne.flatMap((send) => acknowledgementOf(send, seqs));
    yield* overtakenAfterAck(acknowledged);
    yield* overtakenInFlight(acknowledged);
  }
}

interface Acknowledged {
  readonly send: Send;
  readonly seq: number;
  readonly startedAt: number;
  readonly ackedAt: number;
  readonly connection: string;
  readonly number: number;
  readonly atOnce: boolean;
}

function acknowledgementOf(send: Send, seqs: ReadonlyMap<string, number>): Acknowledged[] {
  const [first] = send.attempts;
  const ok = send.attempts.find(({ outcome }) => outcome.kind === 'ok');
  if (!first || ok?.outcome.kind !== 'ok') return [];
  const seq = seqs.get(ok.outcome.id);
  if (seq === undefined) return [];
  const { startedAt, connection, number } = first;
  return [
    { send, seq, startedAt, ackedAt: ok.outcome.at, connection, number, atOnce: ok === first },
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

function* overtakenInFlight(acknowledged: readonly Acknowledged[]): Iterable<string> {
  const atOnce = acknowledged.filter((one) => one.atOnce);
  for (const together of Map.groupBy(atOnce, ({ connection }) => connection).values()) {
    const inOrder = together.toSorted((a, b) => a.number - b.number);
    for (const [index, later] of inOrder.entries()) {
      const earlier = inOrder[index - 1];
      if (earlier && earlier.seq > later.seq) {
        yield `${later.send.clientMessageId} was sent on ${later.connection} after ${earlier.send.clientMessageId} and is stored before it`;
      }
    }
  }
}

function* converged({ views, rooms, convergedAt, unsettled }: Observation): Iterable<string> {
  if (convergedAt === undefined) {
    yield `not every client held what the store holds in time (${unsettled.join(', ')})`;
  }
  yield* differences(views, rooms);
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
      yield `${client} shows ${surplus.length} messages of ${roomId} that are not stored so: ${named(surplus)}`;
    }
    if (missing.length + surplus.length === 0 && !sameOrder(expected, messages)) {
      yield `${client} shows ${roomId} in another order than the store`;
    }
  }
}

function* nothingDropped({ sends, rooms }: Observation): Iterable<string> {
  const stored = new Set(
    rooms.flatMap(({ roomId, messages }) =>
      messages.filter(hasKey).map((message) => `${roomId} ${keyOf(message)}`),
    ),
  );
  for (const send of sends) {
    const { clientMessageId, roomId, userId, attempts } = send;
    if (!stored.has(`${roomId} ${keyOf(send)}`)) {
      yield `${clientMessageId} of ${userId} never arrived in ${roomId}`;
    }
    for (const { outcome } of attempts) {
      if (outcome.kind !== 'error') continue;
      const { code, retryAfterMs } = outcome;
      if (code === undefined) yield `${clientMessageId} was refused without a code`;
      else if (!RETRYABLE.has(code)) yield `${clientMessageId} was refused with ${code}`;
      else if (retryAfterMs === undefined) {
        yield `${clientMessageId} was refused with ${code} and not told when to try again`;
      }
    }
  }
}

function* nothingForOutsiders({ outsider }: Observation): Iterable<string> {
  for (const event of new Set(outsider.events)) {
    yield `an outsider was sent ${event} of the private room`;
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
  if (!outsider.statuses.includes(404)) yield 'an outsider was never told that there is no room';
  if (outsider.seenElsewhere === 0) yield 'the outsider was shown nothing at all: not a witness';
}

function* memoryBounded({ processes, rssLimitBytes }: Observation): Iterable<string> {
  for (const { name, peakRssBytes, endedByItself } of processes) {
    if (peakRssBytes > rssLimitBytes) yield `${name} took ${mebibytes(peakRssBytes)} of memory`;
    if (endedByItself !== undefined) yield `${name} ended by itself`;
  }
}

function revOf(entry: Shown): number {
  return entry.kind === 'message' ? entry.message.rev : entry.rev;
}

function hasKey(message: Message): message is Message & { clientMessageId: string } {
  return message.clientMessageId !== undefined;
}

function keyOf(one: { readonly userId: string; readonly clientMessageId: string }): string {
  return `${one.clientMessageId} of ${one.userId}`;
}

function repeated<T>(values: Iterable<T>): Set<T> {
  const seen = new Set<T>();
  const twice = new Set<T>();
  for (const value of values) (seen.has(value) ? twice : seen).add(value);
  return twice;
}

/** The first position at which 1, 2, 3 … breaks. */
function* fromOne(numbers: readonly number[], tell: (hole: string) => string): Iterable<string> {
  const index = numbers.findIndex((number, position) => number !== position + 1);
  if (index !== -1) yield tell(`${index + 1}, where ${numbers[index] ?? 'nothing'} is`);
}

function without(these: readonly Message[], those: readonly Message[]): Message[] {
  const known = new Set(those.map(identityOf));
  return these.filter((message) => !known.has(identityOf(message)));
}

function identityOf({ id, seq, rev, userId, text }: Message): string {
  return [id, seq, rev, userId, text].join(' ');
}

function sameOrder(these: readonly Message[], those: readonly Message[]): boolean {
  return (
    these.length === those.length &&
    these.every((message, index) => message.id === those[index]?.id)
  );
}

/** A few of them are enough to begin with. */
function named(messages: readonly Message[]): string {
  const few = messages.slice(0, 5).map(({ seq, id }) => `${seq} (${id})`);
  return messages.length > few.length ? `${few.join(', ')}, …` : few.join(', ');
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
