import type { Message, MessageDelta, Reaction } from '@chat/contracts';
import { coverageOf } from '../check/delivered-log.ts';
import type { Emission, LiveEvent } from '../check/observation.ts';

/**
 * The messages of a room as a client has them that follows the contract: it applies live events in
 * the order of rev, and holds them while it catches up by the states of messages.
 */
export class RoomReplica {
  readonly #byId = new Map<string, Message>();
  readonly #emitted: Emission[] = [];
  #held: LiveEvent[] = [];
  #catchingUp = true;
  #rev = 0;

  /** The highest rev up to which it has every change. */
  get rev(): number {
    return this.#rev;
  }

  /** In the order of seq. */
  get messages(): Message[] {
    return [...this.#byId.values()].sort((a, b) => a.seq - b.seq);
  }

  /** The messages that were new or changed, in the order in which they were applied. */
  get emitted(): readonly Emission[] {
    return this.#emitted;
  }

  /** Drops held events, and holds new ones until states up to the head are applied. */
  holdEvents(): void {
    this.#held = [];
    this.#catchingUp = true;
  }

  receive(event: LiveEvent): void {
    this.#held.push(event);
    if (!this.#catchingUp) this.#applyHeld();
  }

  /**
   * Applies the states of the messages that changed up to `rev`.
   *
   * @param complete whether these are all: otherwise one that changed again later is missing
   */
  applyStates(states: readonly Message[], rev: number, complete: boolean): void {
    for (const state of states) this.#put(state);
    this.#rev = Math.max(this.#rev, rev);
    this.#catchingUp = !complete;
    if (complete) this.#applyHeld();
  }

  #applyHeld(): void {
    for (;;) {
      this.#held = this.#held.filter((event) => coverageOf(event).rev > this.#rev);
      const next = this.#held.find((event) => coverageOf(event).since <= this.#rev);
      if (!next) return;
      this.#apply(next);
      this.#rev = coverageOf(next).rev;
    }
  }

  #apply(event: LiveEvent): void {
    if (event.kind === 'head') return;
    if (event.kind === 'message') {
      const { since: _, ...message } = event.message;
      return this.#put(message);
    }
    const { messageId, rev, change } = event.changed;
    if (change.kind === 'state') return this.#put(change.message);
    const message = this.#byId.get(messageId);
    if (message) this.#put({ ...applyDelta(message, change), rev });
  }

  /** Replaces the state of a message by a newer one. */
  #put({ reactions, ...message }: Message): void {
    const { id, rev } = message;
    const known = this.#byId.get(id);
    if (known && known.rev >= rev) return;
    this.#byId.set(id, { ...message, ...(reactions && { reactions: reactions.map(withoutMine) }) });
    this.#emitted.push({ id, rev, isNew: known === undefined });
  }
}

function applyDelta(message: Message, delta: MessageDelta): Message {
  switch (delta.kind) {
    case 'edited':
      return { ...message, text: delta.text, editedAt: delta.editedAt };
    case 'deleted': {
      const { editedAt: _e, reactions: _r, ...rest } = message;
      return { ...rest, text: '', deletedAt: delta.deletedAt };
    }
    case 'reacted': {
      const { reactions = [], ...rest } = message;
      const changed = reactionsAfter(reactions, delta);
      return changed.length > 0 ? { ...rest, reactions: changed } : rest;
    }
  }
}

/** Adds the user even if already listed: a reaction that is delivered twice is not hidden. */
function reactionsAfter(
  reactions: readonly Reaction[],
  { emoji, userId, on }: Extract<MessageDelta, { kind: 'reacted' }>,
): Reaction[] {
  const { count = 0, userIds = [] } = reactions.find((reaction) => reaction.emoji === emoji) ?? {};
  const changed: Reaction = on
    ? { emoji, count: count + 1, userIds: [...userIds, userId] }
    : { emoji, count: count - 1, userIds: userIds.filter((id) => id !== userId) };
  const all =
    count > 0
      ? reactions.map((reaction) => (reaction.emoji === emoji ? changed : reaction))
      : [...reactions, changed];
  return all.filter((reaction) => reaction.count > 0);
}

function withoutMine({ emoji, count, userIds }: Reaction): Reaction {
  return { emoji, count, userIds };
}
