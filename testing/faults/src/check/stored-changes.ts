import { MAX_LISTED_REACTORS, type Message } from '@chat/contracts';
import type { ChangeRequest, Observation, RequestedChange } from './observation.ts';
import { acknowledgedAt, precedes } from './request-order.ts';

/** A request that sets a value of a message. */
interface Write<Value> {
  readonly value: Value;
  readonly request: ChangeRequest;
}

/** A request with a certain kind of change. */
type RequestOf<Kind extends RequestedChange['kind']> = ChangeRequest & {
  readonly change: Extract<RequestedChange, { kind: Kind }>;
};

/**
 * Invariant 1 for changes: the log has a rev for every acknowledged change, and the message of each
 * shows its effect, or that of a change that may have come later.
 */
export function* checkChangesStored({
  changes,
  sends,
  rooms,
  nonMember,
}: Observation): Iterable<string> {
  const requested = Map.groupBy(changes, ({ messageId }) => messageId);
  const sent = new Map(
    sends.map((send) => [`${send.userId} ${send.roomId} ${send.clientMessageId}`, send.text]),
  );
  for (const { roomId, rev, messages } of rooms) {
    const inRoom = changes.filter((request) => request.roomId === roomId);
    const acknowledged = inRoom.filter(isAcknowledged).length;
    const stored = new Set(messages.map(({ id }) => id));
    if (rev < stored.size + acknowledged) {
      yield `the log of ${roomId} has ${rev} revs, but ${stored.size} messages and ${acknowledged} acknowledged changes`;
    }
    for (const request of inRoom) {
      if (!stored.has(request.messageId)) {
        yield `${request.name} changes message ${request.messageId}, which is not stored`;
      }
    }
    for (const message of messages) {
      if (message.userId === nonMember.userId) continue;
      const key = `${message.userId} ${roomId} ${message.clientMessageId}`;
      yield* checkState(message, sent.get(key), requested.get(message.id) ?? []);
    }
  }
}

/** Invariant 2 for reactions: a user is counted once for an emoji. */
export function* checkReactionsCountedOnce({ rooms }: Observation): Iterable<string> {
  for (const { id, reactions = [] } of rooms.flatMap(({ messages }) => messages)) {
    if (new Set(reactions.map(({ emoji }) => emoji)).size < reactions.length) {
      yield `message ${id} lists an emoji more than once`;
    }
    for (const { emoji, count, userIds } of reactions) {
      const users = new Set(userIds).size;
      if (users < userIds.length || users !== Math.min(count, MAX_LISTED_REACTORS)) {
        yield `message ${id} counts ${count} users for ${emoji}, but lists ${users} different ones`;
      }
    }
  }
}

/** Reports how the state of a message differs from every state that its changes could lead to. */
function* checkState(
  message: Message,
  sentText: string | undefined,
  requests: readonly ChangeRequest[],
): Iterable<string> {
  const { id, text, editedAt, deletedAt, reactions = [] } = message;
  const deletions = requests.filter(hasKind('delete'));
  if (deletedAt !== undefined) {
    if (deletions.length === 0) yield `message ${id} is deleted, but no client deleted it`;
    if (text !== '') yield `message ${id} is deleted, but still has a text`;
    if (reactions.length > 0) yield `message ${id} is deleted, but still has reactions`;
    return;
  }
  for (const { name } of deletions.filter(isAcknowledged)) {
    yield `${name} was acknowledged, but message ${id} is not deleted`;
  }
  const edits = requests
    .filter(hasKind('edit'))
    .map((request) => ({ value: request.change.text, request }));
  const isEdit = edits.some(({ value }) => value === text);
  // The check of invariant 2 reports a message that no client sent; its first text is unknown here.
  if (sentText !== undefined && text !== sentText && !isEdit) {
    yield `message ${id} is stored with different text`;
  } else {
    for (const { request } of lostWrites(text, sentText, edits)) {
      yield `${request.name} was acknowledged, but message ${id} has an earlier text`;
    }
    if (isEdit !== (editedAt !== undefined)) {
      const editTime = editedAt === undefined ? 'no edit time' : `the edit time ${editedAt}`;
      yield `message ${id} is ${isEdit ? '' : 'not '}edited, but has ${editTime}`;
    }
  }
  yield* checkReactions(message, requests.filter(hasKind('react')));
}

function* checkReactions(
  { id, reactions = [] }: Message,
  requests: readonly RequestOf<'react'>[],
): Iterable<string> {
  const keyOf = (userId: string, emoji: string) => `${emoji} of ${userId}`;
  const stored = new Set(
    reactions.flatMap(({ emoji, userIds }) => userIds.map((userId) => keyOf(userId, emoji))),
  );
  const byReaction = Map.groupBy(requests, ({ userId, change }) => keyOf(userId, change.emoji));
  for (const key of stored) {
    const isRequested = byReaction.get(key)?.some(({ change }) => change.on) ?? false;
    if (!isRequested) yield `message ${id} has ${key}, but the user did not react`;
  }
  for (const [key, ofReaction] of byReaction) {
    const writes = ofReaction.map((request) => ({ value: request.change.on, request }));
    for (const { value, request } of lostWrites(stored.has(key), false, writes)) {
      yield `${request.name} was acknowledged, but message ${id} ${value ? 'lacks' : 'has'} ${key}`;
    }
  }
}

/**
 * Returns the acknowledged writes of other values that prove that the final value is wrong: every
 * write of that value, or the initial value if there is none, was followed by one of them. Empty if
 * some order of the writes explains the value, or if it is neither initial nor written.
 */
function lostWrites<Value>(
  final: Value,
  initial: Value | undefined,
  writes: readonly Write<Value>[],
): Write<Value>[] {
  const others = writes.filter(({ value, request }) => value !== final && isAcknowledged(request));
  const writesOfFinal = writes.filter(({ value }) => value === final);
  const replaced = writesOfFinal.map(({ request }) =>
    others.filter((other) => precedes(request, other.request)),
  );
  if (replaced.some(({ length }) => length === 0)) return [];
  if (replaced.length > 0) return [...new Set(replaced.flat())];
  return final === initial ? others : [];
}

function isAcknowledged(request: ChangeRequest): boolean {
  return acknowledgedAt(request) !== undefined;
}

function hasKind<Kind extends RequestedChange['kind']>(kind: Kind) {
  return (request: ChangeRequest): request is RequestOf<Kind> => request.change.kind === kind;
}
