import type { Changes, Message } from '@chat/contracts';
import { type Arbitrary, array, boolean, nat, record } from 'fast-check';

/** The change in a room at one rev: a new message, or an edit of an earlier one. */
interface Step {
  edited: number | undefined;
  own: boolean;
}

/** All changes of a room, as a faultless server stores them. */
export class RoomLog {
  /** The message after each change, beginning with rev 1. */
  readonly deltas: readonly Message[];

  constructor(steps: readonly Step[]) {
    const deltas: Message[] = [];
    let seq = 0;
    for (const { edited, own } of steps) {
      const rev = deltas.length + 1;
      const original = edited === undefined || seq === 0 ? undefined : 1 + (edited % seq);
      const before = deltas.find((message) => message.seq === original);
      deltas.push(before ? { ...before, rev, text: `edit ${rev}` } : message((seq += 1), rev, own));
    }
    this.deltas = deltas;
  }

  get head(): number {
    return this.deltas.length;
  }

  /** The room's messages after the change `rev`, in the order of `seq`. */
  messagesAt(rev: number): Message[] {
    const latest = new Map(this.deltas.slice(0, rev).map((change) => [change.seq, change]));
    return [...latest.values()].sort((a, b) => a.seq - b.seq);
  }

  /** A page of at most `count` messages that ends with the newest, or right before `beforeSeq`. */
  page(rev: number, count: number, beforeSeq = Infinity): Message[] {
    return this.messagesAt(rev)
      .filter(({ seq }) => seq < beforeSeq)
      .slice(-count);
  }

  /** Messages that were changed after `since`, each once and in the order of `rev`. */
  changes(since: number, limit: number): Changes {
    const all = this.messagesAt(this.head).filter(({ rev }) => rev > since);
    const changes = all.sort((a, b) => a.rev - b.rev).slice(0, limit);
    const complete = changes.length === all.length;
    return { rev: complete ? this.head : (changes.at(-1)?.rev ?? since), complete, changes };
  }
}

/** Rooms with 1 to 40 changes, about half of them edits unless `edits` is false. */
export function roomLogs({ edits = true } = {}): Arbitrary<RoomLog> {
  const step = record({ isEdit: boolean(), edited: nat(), own: boolean() });
  return array(step, { minLength: 1, maxLength: 40, size: 'max' }).map(
    (steps) =>
      new RoomLog(
        steps.map(({ isEdit, edited, own }) => ({
          edited: edits && isEdit ? edited : undefined,
          own,
        })),
      ),
  );
}

function message(seq: number, rev: number, own: boolean): Message {
  const userId = own ? 'ada' : 'bob';
  return {
    id: `m-${seq}`,
    roomId: 'general',
    seq,
    rev,
    userId,
    username: userId,
    text: `message ${seq}`,
    timestamp: '2026-01-01T00:00:00.000Z',
    clientMessageId: `k-${seq}`,
  };
}
