import {
  MAX_LISTED_REACTORS,
  type Changes,
  type Message,
  type MessageDelta,
  type Reaction,
  type ServerPayload,
} from '@chat/contracts';
import { type Arbitrary, array, boolean, constantFrom, nat, record } from 'fast-check';
import { Timeline } from '../src/timeline/timeline.ts';

/** A command in a room; `target` selects an earlier message. */
export interface Step {
  kind: 'create' | 'edit' | 'delete' | 'react';
  target: number;
  userId: string;
  emoji: string;
  on: boolean;
}

/** What one rev changed; a command without effect changed no message. */
interface LogEntry {
  readonly message?: LoggedMessage;
  /** Absent for a new message. */
  readonly delta?: MessageDelta;
}

type LoggedMessage = Omit<Message, 'reactions'> & {
  /** Ids of the users who reacted, by emoji. */
  readonly reactors: ReadonlyMap<string, readonly string[]>;
};

/** An event about a room, as a server sends it to all members. */
export type RoomLogEvent = {
  [E in 'receiveMessage' | 'messageChanged' | 'roomHeads']: {
    readonly name: E;
    readonly payload: ServerPayload<E>;
  };
}['receiveMessage' | 'messageChanged' | 'roomHeads'];

const VIEWER = 'ada';
const TIME = '2026-01-01T00:00:00.000Z';

/** All changes of a room, as a faultless server stores them. Messages are those that ada reads. */
export class RoomLog {
  readonly #steps: readonly Step[];
  readonly #entries: LogEntry[] = [];

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    for (const step of steps) this.#entries.push(this.#entryOf(step));
  }

  /** Returns the room after more commands. */
  after(...steps: readonly Step[]): RoomLog {
    return new RoomLog([...this.#steps, ...steps]);
  }

  get head(): number {
    return this.#entries.length;
  }

  /** The room's messages after the change `rev`, in the order of `seq`. */
  messagesAt(rev: number): Message[] {
    return this.#statesAt(rev).map((message) => toMessage(message, VIEWER));
  }

  /** A page of at most `count` messages that ends with the newest, or right before `beforeSeq`. */
  page(rev: number, count: number, beforeSeq = Infinity): Message[] {
    return this.messagesAt(rev)
      .filter(({ seq }) => seq < beforeSeq)
      .slice(-count);
  }

  /**
   * The messages that the first `limit` changes after `since` concern, each once, in its latest
   * state and in the order of `rev`; those that a later page has are left out.
   *
   * @param head the head when the read began; messages may have changed since, up to `now`
   */
  changes(since: number, limit: number, head = this.head, now = head): Changes {
    const rev = Math.min(since + limit, head);
    const concerned = new Set(this.#entries.slice(since, rev).map(({ message }) => message?.id));
    const changes = this.messagesAt(now)
      .filter((message) => concerned.has(message.id))
      .filter((message) => message.rev <= rev || message.rev > head)
      .sort((a, b) => a.rev - b.rev);
    return { rev, complete: rev === head, changes };
  }

  /** The live event of one rev. It also covers the commands without effect right before it. */
  event(rev: number): RoomLogEvent {
    let since = rev - 1;
    while (since > 0 && !this.#entries[since - 1]?.message) since -= 1;
    const { message, delta } = this.#entries[rev - 1] ?? {};
    if (!message) return this.#headEvent(since, rev);
    if (!delta) return { name: 'receiveMessage', payload: { ...toMessage(message), since } };
    const { roomId, id: messageId } = message;
    return { name: 'messageChanged', payload: { roomId, rev, messageId, change: delta, since } };
  }

  /** The events of a server that has missed the changes after `since` up to `head`. */
  eventsAfterGap(since: number, head: number): RoomLogEvent[] {
    const knownSeq = this.#statesAt(since).length;
    const missed = this.#statesAt(head).filter(({ rev }) => rev > since);
    const events: RoomLogEvent[] = [];
    let last = since;
    for (const logged of missed.sort((a, b) => a.rev - b.rev)) {
      const message = toMessage(logged);
      const { roomId, rev, id: messageId } = message;
      events.push(
        message.seq > knownSeq
          ? { name: 'receiveMessage', payload: { ...message, since: last } }
          : {
              name: 'messageChanged',
              payload: {
                roomId,
                rev,
                messageId,
                change: { kind: 'state', message },
                since: last,
              },
            },
      );
      last = rev;
    }
    if (last < head) events.push(this.#headEvent(last, head));
    return events;
  }

  #headEvent(since: number, rev: number): RoomLogEvent {
    const seq = this.#statesAt(rev).length;
    return { name: 'roomHeads', payload: [{ roomId: 'general', seq, rev, since }] };
  }

  #statesAt(rev: number): LoggedMessage[] {
    const latest = new Map<number, LoggedMessage>();
    for (const { message } of this.#entries.slice(0, rev)) {
      if (message) latest.set(message.seq, message);
    }
    return [...latest.values()].sort((a, b) => a.seq - b.seq);
  }

  #entryOf({ kind, target, userId, emoji, on }: Step): LogEntry {
    const rev = this.head + 1;
    const messages = this.#statesAt(this.head);
    const before = messages[target % Math.max(1, messages.length)];
    if (kind === 'create' || !before)
      return { message: newMessage(messages.length + 1, rev, userId) };
    if (before.deletedAt !== undefined) return {};
    switch (kind) {
      case 'edit': {
        const delta = { kind: 'edited', text: `edit ${rev}`, editedAt: TIME } as const;
        return { delta, message: { ...before, rev, text: delta.text, editedAt: TIME } };
      }
      case 'delete': {
        const { editedAt: _, ...fixed } = before;
        const message = { ...fixed, rev, text: '', deletedAt: TIME, reactors: new Map() };
        return { delta: { kind: 'deleted', deletedAt: TIME }, message };
      }
      case 'react': {
        const users = before.reactors.get(emoji) ?? [];
        if (users.includes(userId) === on) return {};
        const reactors = new Map(before.reactors);
        reactors.set(emoji, on ? [...users, userId] : users.filter((id) => id !== userId));
        if (reactors.get(emoji)?.length === 0) reactors.delete(emoji);
        return {
          delta: { kind: 'reacted', emoji, userId, on },
          message: { ...before, rev, reactors },
        };
      }
    }
  }
}

/** Rooms with 1 to 60 commands; only new messages unless `changes`. */
export function roomLogs({ changes = true } = {}): Arbitrary<RoomLog> {
  const step = record({
    kind: constantFrom<Step['kind']>(
      ...(changes
        ? (['create', 'create', 'edit', 'react', 'react', 'delete'] as const)
        : (['create'] as const)),
    ),
    target: nat(),
    userId: constantFrom('ada', 'bob', 'eve'),
    emoji: constantFrom('👍', '🎉'),
    on: boolean(),
  });
  return array(step, { minLength: 1, maxLength: 60, size: 'max' }).map(
    (steps) => new RoomLog(steps),
  );
}

/** A room in which only one user has sent messages. */
export function roomWithMessages(count: number): RoomLog {
  const step = { kind: 'create', target: 0, userId: 'bob', emoji: '👍', on: true } as const;
  return new RoomLog(Array.from({ length: count }, () => step));
}

/** Returns ada's timeline of a room, loaded at `rev` with a page of at most `size` messages. */
export function timelineOf(log: RoomLog, rev: number, size: number): Timeline {
  const seq = log.messagesAt(rev).length;
  return new Timeline({ messages: log.page(rev, size), seq, rev }, VIEWER);
}

function newMessage(seq: number, rev: number, userId: string): LoggedMessage {
  return {
    id: `m-${seq}`,
    roomId: 'general',
    seq,
    rev,
    userId,
    username: userId,
    text: `message ${seq}`,
    timestamp: TIME,
    clientMessageId: `k-${seq}`,
    reactors: new Map(),
  };
}

/** @param viewer absent in an event */
function toMessage({ reactors, ...message }: LoggedMessage, viewer?: string): Message {
  if (reactors.size === 0) return message;
  const reactions = [...reactors].map(([emoji, userIds]): Reaction => ({
    emoji,
    count: userIds.length,
    userIds: userIds.slice(0, MAX_LISTED_REACTORS),
    ...(viewer !== undefined && { mine: userIds.includes(viewer) }),
  }));
  return { ...message, reactions };
}
