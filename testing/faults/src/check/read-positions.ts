import { ReadPosition } from '@chat/contracts';
import { checkAnswered } from './answered-changes.ts';
import type {
  DevicePosition,
  ListedRoom,
  Observation,
  Position,
  PositionRequest,
  ReadPositionLog,
} from './observation.ts';
import { acknowledgedAt, memberOf } from './request-order.ts';

/** Maximum number of positions that a violation lists. */
const MAX_LISTED = 5;

/** A move of a read position that the server may have made at a moment between two times. */
interface Move {
  readonly seq: number;
  readonly from: number;
  /** Infinity if the server may still make it at the end of the run. */
  readonly until: number;
  /** Whether the server promised it; otherwise it may not have happened at all. */
  readonly promised: boolean;
}

interface MovesOfUser {
  readonly forwards: readonly Move[];
  /** Moves by `markUnread`. */
  readonly backwards: readonly Move[];
}

/**
 * Invariant 1: the stored position of every user in every room is one that the requests and sends
 * of this user allow, and every acknowledgement has the requested position.
 */
export function* checkPositionsStored(observation: Observation): Iterable<string> {
  const { requests, stored } = observation.readPositions;
  const movesOf = movesByMember(observation);
  for (const { userId, roomId, lastReadSeq } of stored) {
    if (lastReadSeq === undefined) continue;
    const { allowed, lowest } = allowedPositions(movesOf(userId, roomId));
    if (allowed.has(lastReadSeq)) continue;
    yield lastReadSeq < lowest
      ? `the read position of ${userId} in ${roomId} is ${lastReadSeq}, but must be at least ${lowest}`
      : `the read position of ${userId} in ${roomId} is ${lastReadSeq}, but only ${listOf(allowed)} are allowed`;
  }
  for (const { name, kind, seq, attempts } of requests) {
    for (const { lastReadSeq } of attempts.flatMap(acknowledgedPosition)) {
      const isKept = kind === 'markRead' ? lastReadSeq >= seq : lastReadSeq === seq;
      if (!isKept) yield `${name} to ${seq} was acknowledged with ${lastReadSeq}`;
    }
  }
}

/** Invariant 3: positions and numbers of unread messages fit the seqs of the room. */
export function* checkPositionsFitSeqs({ readPositions, rooms }: Observation): Iterable<string> {
  const heads = new Map(rooms.map(({ roomId, messages }) => [roomId, messages.at(-1)?.seq ?? 0]));
  const { requests, stored } = readPositions;
  const reported = [
    ...requests.flatMap(({ name, roomId, attempts }) =>
      attempts
        .flatMap(acknowledgedPosition)
        .map((position) => ({ what: `the acknowledgement of ${name}`, roomId, ...position })),
    ),
    ...validEvents(readPositions).map(({ connection, position }) => ({
      what: `a readPosition event of ${connection}`,
      ...position,
    })),
  ];
  for (const { what, roomId, lastReadSeq, unread } of reported) {
    const head = heads.get(roomId) ?? 0;
    if (lastReadSeq < 0 || unread < 0 || lastReadSeq + unread > head) {
      yield `${what} has position ${lastReadSeq} and ${unread} unread, but ${roomId} has ${head} messages`;
    }
  }
  for (const { userId, roomId, seq, lastReadSeq, unread } of stored) {
    const head = heads.get(roomId);
    if (lastReadSeq === undefined || unread === undefined || seq === undefined) {
      yield `the rooms of ${userId} have no read position of ${roomId}`;
    } else if (
      seq !== head ||
      lastReadSeq < 0 ||
      lastReadSeq > seq ||
      unread !== seq - lastReadSeq
    ) {
      yield `the rooms of ${userId} have position ${lastReadSeq} and ${unread} unread of ${seq} in ${roomId}, which has ${head ?? 'no'} messages`;
    }
  }
}

/**
 * Invariant 4: an acknowledged position is never behind one that was acknowledged before the
 * request, unless a `markUnread` may have been made in between.
 */
export function* checkPositionsOrdered(observation: Observation): Iterable<string> {
  const { requests } = observation.readPositions;
  const movesOf = movesByMember(observation);
  for (const ofMember of Map.groupBy(requests, memberOf).values()) {
    const [{ userId, roomId } = { userId: '', roomId: '' }] = ofMember;
    const { backwards } = movesOf(userId, roomId);
    const acknowledged = ofMember
      .flatMap(({ name, attempts }) =>
        attempts.flatMap((attempt) =>
          acknowledgedPosition(attempt).map(({ lastReadSeq }) => {
            return { name, lastReadSeq, from: attempt.startedAt, until: attempt.outcome.time };
          }),
        ),
      )
      .toSorted((a, b) => a.from - b.from);
    for (const later of acknowledged) {
      const behind = acknowledged.find(
        (earlier) =>
          earlier.until < later.from &&
          earlier.lastReadSeq > later.lastReadSeq &&
          !backwards.some(
            ({ from, until }) =>
              from !== earlier.from && until >= earlier.from && from <= later.until,
          ),
      );
      if (behind) {
        yield `${later.name} was acknowledged with ${later.lastReadSeq} after ${behind.name} with ${behind.lastReadSeq}`;
      }
    }
  }
}

/** Invariant 5: every device has the position and the number of unread messages of the server. */
export function* checkDevicesAgree({ readPositions }: Observation): Iterable<string> {
  const { requests, events, devices, settled } = readPositions;
  const isMoved = requests.some((request) => acknowledgedAt(request) !== undefined);
  if (!isMoved) yield 'no read position was moved: the run is inconclusive';
  if (events.length === 0) yield 'no readPosition event was received: the run is inconclusive';
  if (devices.length === 0) yield 'no device showed a read position: the run is inconclusive';
  yield* positionDifferences(devices, settled);
  for (const { connection, payload } of events) {
    if (!ReadPosition.safeParse(payload).success) {
      yield `${connection} received an invalid readPosition event: ${JSON.stringify(payload)}`;
    }
  }
}

/** Reports differences between the positions of devices and those of the server. */
export function* positionDifferences(
  devices: readonly DevicePosition[],
  listed: readonly ListedRoom[],
): Iterable<string> {
  const known = new Map(listed.map((room) => [memberOf(room), room]));
  for (const position of devices) {
    const { device, roomId, lastReadSeq, unread } = position;
    const room = known.get(memberOf(position));
    if (lastReadSeq === undefined || lastReadSeq !== room?.lastReadSeq || unread !== room.unread) {
      yield `${device} shows position ${lastReadSeq ?? 'none'} and ${unread ?? 'unknown'} unread in ${roomId}, but the server has ${room?.lastReadSeq ?? 'none'} and ${room?.unread ?? 'unknown'}`;
    }
  }
}

/** Invariant 6: every request is acknowledged, or rejected with a retryable code and a delay. */
export function* checkPositionsAnswered(observation: Observation): Iterable<string> {
  const { readPositions, chatAvailable } = observation;
  for (const { name, attempts } of readPositions.requests) {
    for (const { outcome } of attempts) yield* checkAnswered(name, outcome, chatAvailable);
  }
}

/** Invariant 7: users receive only positions to which they have moved themselves. */
export function* checkNoPositionLeak(observation: Observation): Iterable<string> {
  const { readPositions } = observation;
  const movesOf = movesByMember(observation);
  for (const { connection, userId, position } of validEvents(readPositions)) {
    const { roomId, lastReadSeq } = position;
    const { forwards, backwards } = movesOf(userId, roomId);
    if (![...forwards, ...backwards].some(({ seq }) => seq === lastReadSeq)) {
      yield `${connection} received position ${lastReadSeq} of ${roomId}, to which ${userId} never moved`;
    }
  }
  if (readPositions.nonMemberEvents > 0) {
    yield `the non-member received ${readPositions.nonMemberEvents} readPosition events`;
  }
}

/**
 * Returns the moves of a user in a room. An attempt without an acknowledgement may be made at any
 * later time. The server writes the position of a sender after the message; that is promised only
 * while nothing fails.
 */
function movesByMember({
  readPositions,
  rooms,
  smoothFrom = Infinity,
}: Observation): (userId: string, roomId: string) => MovesOfUser {
  const requests = Map.groupBy(readPositions.requests, memberOf);
  const messages = Map.groupBy(
    rooms.flatMap((room) => room.messages.map((message) => ({ ...message, roomId: room.roomId }))),
    memberOf,
  );
  return (userId, roomId) => {
    const member = memberOf({ userId, roomId });
    const sent = (messages.get(member) ?? []).map(({ seq, timestamp }): Move => {
      const from = Date.parse(timestamp);
      return { seq, from, until: Infinity, promised: from >= smoothFrom };
    });
    const ofKind = (kind: PositionRequest['kind']) =>
      (requests.get(member) ?? [])
        .filter((request) => request.kind === kind)
        .flatMap(movesOfRequest);
    return { forwards: [...sent, ...ofKind('markRead')], backwards: ofKind('markUnread') };
  };
}

function movesOfRequest({ seq, startedAt, attempts }: PositionRequest): Move[] {
  const possible = { seq, from: startedAt, until: Infinity, promised: false };
  if (attempts.length === 0) return [possible];
  return attempts.flatMap(({ startedAt: from, outcome }): Move[] => {
    if (outcome.kind !== 'ok') return [{ ...possible, from }];
    const made = { seq, from, until: outcome.time, promised: true };
    // Attempts that the client library has not reported may still be made.
    return outcome.position === undefined ? [made, { ...possible, from }] : [made];
  });
}

/** Returns the positions that the moves allow at the end, for each that may be the last backwards. */
function allowedPositions({ forwards, backwards }: MovesOfUser): {
  readonly allowed: ReadonlySet<number>;
  readonly lowest: number;
} {
  const start: Move = { seq: 0, from: -Infinity, until: -Infinity, promised: true };
  const allowed = new Set<number>();
  let lowest = Infinity;
  for (const last of [start, ...backwards]) {
    if (backwards.some(({ from, promised }) => promised && from > last.until)) continue;
    const certain = forwards.filter(({ from, promised }) => promised && from > last.until);
    const least = Math.max(last.seq, ...certain.map(({ seq }) => seq));
    lowest = Math.min(lowest, least);
    allowed.add(least);
    for (const { seq, until } of forwards) {
      if (until >= last.from && seq > least) allowed.add(seq);
    }
  }
  return { allowed, lowest };
}

function acknowledgedPosition({
  outcome,
}: PositionRequest['attempts'][number]): readonly Position[] {
  return outcome.kind === 'ok' && outcome.position ? [outcome.position] : [];
}

function validEvents({ events }: ReadPositionLog) {
  return events.flatMap(({ connection, userId, payload }) => {
    const { data: position } = ReadPosition.safeParse(payload);
    return position ? [{ connection, userId, position }] : [];
  });
}

function listOf(positions: ReadonlySet<number>): string {
  const sorted = [...positions].toSorted((a, b) => a - b);
  const few = sorted.slice(0, MAX_LISTED).join(', ');
  return sorted.length > MAX_LISTED ? `${few}, …` : few;
}
