import type { Changes, Message, MessageDelta, Reaction, ServerPayload } from '@chat/contracts';

/**
 * The messages of one room as a client knows them: applies events and changes as docs/contract.md
 * describes them, independently of the client library. Ignores `mine`, which events lack.
 */
export class RoomState {
  readonly #messages = new Map<string, Message>();

  /** @param rev the rev up to which `messages` include every change; they may be newer */
  constructor(
    messages: Iterable<Message>,
    private rev: number,
  ) {
    for (const message of messages) this.#put(message);
  }

  /** The rev up to which the state includes every change. */
  get coveredRev(): number {
    return this.rev;
  }

  /** The messages in the order of seq. */
  get messages(): Message[] {
    return [...this.#messages.values()].sort((a, b) => a.seq - b.seq);
  }

  copy(): RoomState {
    return new RoomState(this.#messages.values(), this.rev);
  }

  /** @throws Error if the event does not follow the state */
  receive({ since, ...message }: ServerPayload<'receiveMessage'>): void {
    this.#advance(message.rev, since);
    this.#put(message);
  }

  /** @throws Error if the event does not follow the state, or its change has no effect */
  change({ rev, since, messageId, change }: ServerPayload<'messageChanged'>): void {
    this.#advance(rev, since);
    if (change.kind === 'state') return this.#put(change.message);
    const message = this.#messages.get(messageId);
    if (!message) throw new Error(`message ${messageId} was changed before it was received`);
    if (message.rev < rev) this.#messages.set(messageId, { ...changed(message, change), rev });
  }

  /** @throws Error if the head does not follow the state */
  head({ rev, since }: ServerPayload<'roomHeads'>[number]): void {
    if (since !== undefined) this.#advance(rev, since);
  }

  /** Applies a page of changes after {@link coveredRev}. */
  catchUp({ rev, changes }: Changes): void {
    for (const message of changes) this.#put(message);
    this.rev = rev;
  }

  #advance(rev: number, since = rev - 1): void {
    if (since > this.rev) throw new Error(`no event covers the revs ${this.rev + 1} to ${since}`);
    if (rev <= this.rev) throw new Error(`rev ${rev} is received again at rev ${this.rev}`);
    this.rev = rev;
  }

  #put(message: Message): void {
    const known = this.#messages.get(message.id);
    if (!known || known.rev < message.rev) this.#messages.set(message.id, withoutMine(message));
  }
}

/** Returns the message as {@link RoomState} has it: without `mine`, the reactions by emoji. */
export function withoutMine({ reactions, ...message }: Message): Message {
  if (!reactions) return message;
  return { ...message, reactions: sorted(reactions.map(({ mine: _, ...rest }) => rest)) };
}

function changed(message: Message, delta: MessageDelta): Message {
  const { reactions = [], editedAt: _, ...rest } = message;
  switch (delta.kind) {
    case 'edited':
      return { ...message, text: delta.text, editedAt: delta.editedAt };
    case 'deleted':
      return { ...rest, text: '', deletedAt: delta.deletedAt };
    case 'reacted': {
      const { emoji, userId, on } = delta;
      const userIds = reactions.find((known) => known.emoji === emoji)?.userIds ?? [];
      if (userIds.includes(userId) === on) throw new Error('the reaction changes nothing');
      const others = reactions.filter((known) => known.emoji !== emoji);
      const after = on ? [...userIds, userId] : userIds.filter((id) => id !== userId);
      const { reactions: _r, ...unreacted } = message;
      if (after.length > 0) others.push({ emoji, count: after.length, userIds: after });
      return others.length > 0 ? { ...unreacted, reactions: sorted(others) } : unreacted;
    }
  }
}

function sorted(reactions: readonly Reaction[]): Reaction[] {
  return reactions.toSorted((a, b) => (a.emoji < b.emoji ? -1 : 1));
}
