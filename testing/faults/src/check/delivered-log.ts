import type { Message, MessageChange, MessageDelta } from '@chat/contracts';
import type { ChangeRequest, ConnectionLog, LiveEvent, Observation } from './observation.ts';

/** Revs that an event covers: all after `since` up to `rev`. */
export interface Coverage {
  readonly since: number;
  readonly rev: number;
}

/** One rev of a room as clients received it. */
interface DeliveredChange {
  readonly messageId: string;
  /** Undefined if all clients received the message as a whole. */
  readonly delta: MessageDelta | undefined;
}

export function coverageOf(event: LiveEvent): Coverage {
  switch (event.kind) {
    case 'message': {
      const { rev, since = rev - 1 } = event.message;
      return { since, rev };
    }
    case 'changed': {
      const { rev, since = rev - 1 } = event.changed;
      return { since, rev };
    }
    case 'head':
      return event;
  }
}

/** After a join at rev n, the events on a connection cover the revs n + 1, n + 2, … once. */
export function* checkCoverage({ connections }: Observation): Iterable<string> {
  for (const { name, received } of connections) {
    for (const [roomId, entries] of Object.entries(received)) {
      let last: number | undefined;
      for (const entry of entries) {
        if (entry.kind === 'page') continue;
        if (entry.kind === 'joined') {
          if (last !== undefined && entry.rev < last) {
            yield `${name} joined ${roomId} at rev ${entry.rev} after it received ${last}`;
          }
          last = entry.rev;
          continue;
        }
        const { since, rev } = coverageOf(entry);
        // A repeated event violates invariant 2.
        if (last !== undefined && since !== last && rev !== last) {
          yield `${name} received rev ${rev} of ${roomId} after ${last}`;
        }
        last = rev;
      }
    }
  }
}

/** A change that a client requested is delivered as one rev, and no other change is. */
export function* checkDeliveredOnce({ connections, changes }: Observation): Iterable<string> {
  const requested = Map.groupBy(changes, signatureOf);
  for (const [signature, revs] of revsBySignature(connections)) {
    const matching = requested.get(signature) ?? [];
    if (matching.length === 0) {
      yield `clients received a change that none requested: ${signature}`;
    }
    // Deleting a deleted message has no effect.
    const limit = signature.startsWith('delete') ? 1 : matching.length;
    if (matching.length > 0 && revs.size > limit) {
      yield `clients received a change at the revs ${[...revs].join(', ')}: ${signature}`;
    }
  }
}

/** All clients receive the same change at a rev, and the store has it. */
export function* checkDeliveredAlike({ connections, rooms }: Observation): Iterable<string> {
  const stored = new Map(
    rooms.flatMap(({ messages }) => messages.map(({ id, rev }) => [id, rev] as const)),
  );
  const known = new Map<string, DeliveredChange>();
  for (const { name, roomId, rev, messageId, delta } of deliveredChanges(connections)) {
    const position = `rev ${rev} of ${roomId}`;
    const other = known.get(position);
    if (
      other &&
      (other.messageId !== messageId || (delta && other.delta && !isSame(delta, other.delta)))
    ) {
      yield `${name} received ${position} as a different change than other clients`;
    }
    if (!other?.delta) known.set(position, { messageId, delta });
    if (!other && rev > (stored.get(messageId) ?? Infinity)) {
      yield `clients received ${position}, but its message ${messageId} is stored at an earlier one`;
    }
  }
}

/** Returns the rev at which clients received each change, if they did at exactly one. */
export function deliveredRevs({
  connections,
  changes,
}: Observation): ReadonlyMap<ChangeRequest, number> {
  const delivered = revsBySignature(connections);
  const bySignature = Map.groupBy(changes, signatureOf);
  const revs = new Map<ChangeRequest, number>();
  for (const [signature, requests] of bySignature) {
    const [request] = requests;
    const [rev, ...others] = delivered.get(signature) ?? [];
    if (request && requests.length === 1 && rev !== undefined && others.length === 0) {
      revs.set(request, rev);
    }
  }
  return revs;
}

/** After a client received the deletion of a message, it receives nothing more of the message. */
export function* checkDeletedTexts({ connections }: Observation): Iterable<string> {
  const byClient = Map.groupBy(connections, ({ name }) => name.split('/')[0] ?? name);
  for (const [client, logs] of byClient) {
    const deletedAt = new Map<string, number>();
    for (const entry of logs.flatMap(({ received }) => Object.values(received).flat())) {
      // A page that was requested before the deletion arrived may be older.
      const readAt = entry.kind === 'page' ? entry.requestedAt : Infinity;
      for (const { id, isDeleted, hasContent } of mentionsIn(entry)) {
        const knownSince = deletedAt.get(id);
        if (hasContent && knownSince !== undefined && readAt > knownSince) {
          yield `${client} received the content of message ${id} after its deletion`;
        }
        if (isDeleted && knownSince === undefined) deletedAt.set(id, entry.time);
      }
    }
  }
}

interface Mention {
  readonly id: string;
  readonly isDeleted: boolean;
  /** Whether it contains a text or a reaction. */
  readonly hasContent: boolean;
}

function mentionsIn(entry: ConnectionLog['received'][string][number]): Mention[] {
  switch (entry.kind) {
    case 'message':
      return [mentionOf(entry.message)];
    case 'changed': {
      const { messageId, change } = entry.changed;
      if (change.kind === 'state') return [mentionOf(change.message)];
      const isDeleted = change.kind === 'deleted';
      return [{ id: messageId, isDeleted, hasContent: !isDeleted }];
    }
    case 'joined':
    case 'page':
      return entry.changes.map(mentionOf);
    case 'head':
      return [];
  }
}

function mentionOf({ id, text, reactions = [], deletedAt }: Message): Mention {
  return {
    id,
    isDeleted: deletedAt !== undefined,
    hasContent: text !== '' || reactions.length > 0,
  };
}

function* deliveredChanges(
  connections: readonly ConnectionLog[],
): Iterable<DeliveredChange & { name: string; roomId: string; rev: number }> {
  for (const { name, received } of connections) {
    for (const [roomId, entries] of Object.entries(received)) {
      for (const entry of entries) {
        if (entry.kind === 'message') {
          const { id, rev } = entry.message;
          yield { name, roomId, rev, messageId: id, delta: undefined };
        } else if (entry.kind === 'changed') {
          const { rev, messageId, change } = entry.changed;
          yield { name, roomId, rev, messageId, delta: deltaIn(change) };
        }
      }
    }
  }
}

function revsBySignature(connections: readonly ConnectionLog[]): Map<string, Set<number>> {
  const revs = new Map<string, Set<number>>();
  for (const { rev, messageId, delta } of deliveredChanges(connections)) {
    if (!delta) continue;
    const signature = deltaSignature(messageId, delta);
    revs.set(signature, (revs.get(signature) ?? new Set()).add(rev));
  }
  return revs;
}

function deltaIn(change: MessageChange): MessageDelta | undefined {
  return change.kind === 'state' ? undefined : change;
}

/** Describes a change without its time; requests have the same signature. */
function deltaSignature(messageId: string, delta: MessageDelta): string {
  switch (delta.kind) {
    case 'edited':
      return `edit of ${messageId}: ${delta.text}`;
    case 'deleted':
      return `delete of ${messageId}`;
    case 'reacted':
      return reactionSignature(messageId, delta.userId, delta);
  }
}

function signatureOf({ messageId, userId, change }: ChangeRequest): string {
  switch (change.kind) {
    case 'edit':
      return `edit of ${messageId}: ${change.text}`;
    case 'delete':
      return `delete of ${messageId}`;
    case 'react':
      return reactionSignature(messageId, userId, change);
  }
}

function reactionSignature(
  messageId: string,
  userId: string,
  { emoji, on }: { readonly emoji: string; readonly on: boolean },
): string {
  return `${on ? 'set' : 'remove'} ${emoji} of ${userId} on ${messageId}`;
}

function isSame(delta: MessageDelta, other: MessageDelta): boolean {
  return Object.entries(delta).every(
    ([field, value]) => new Map(Object.entries(other)).get(field) === value,
  );
}
