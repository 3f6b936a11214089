import { targetOf } from './outbox-command.ts';
import { isChange, type OutboxChange, type OutboxEntry } from './outbox-entry.ts';

/**
 * How long a sent entry stays when it may never be received: a retried message may have been stored
 * long ago, outside the room's window, and a change may have had no effect.
 */
const SENT_GRACE_MS = 10_000;

/** An entry with the state of its delivery. */
export interface QueuedSend {
  entry: OutboxEntry;
  /** Resolves to true once the entry is stored, to false when the storage failed. */
  persisted: Promise<boolean>;
  /** Whether the server may have received it before, from an earlier attempt or session. */
  repeated: boolean;
  internalFailures: number;
  expiry?: ReturnType<typeof setTimeout>;
}

/**
 * The entries that are sent in order: the messages of a room, and its changes. Changes do not delay
 * messages, because the server may accept messages while it cannot accept changes. A change still
 * follows its message: its id is known once the message is acknowledged.
 */
export interface Lane {
  readonly roomId: string;
  readonly carries: 'messages' | 'changes';
}

/** The unconfirmed commands of one user in all rooms, in memory and in the order of creation. */
export class OutboxQueue {
  readonly #sends = new Map<string, QueuedSend>();
  readonly #isRetained: (roomId: string) => boolean;
  readonly #onChange: () => void;

  /**
   * @param isRetained whether sent entries of a room stay until they are received
   * @param onChange called after every change
   */
  constructor(isRetained: (roomId: string) => boolean, onChange: () => void) {
    this.#isRetained = isRetained;
    this.#onChange = onChange;
  }

  get entries(): OutboxEntry[] {
    return [...this.#sends.values()].map(({ entry }) => entry);
  }

  find(clientMessageId: string): QueuedSend | undefined {
    return this.#sends.get(clientMessageId);
  }

  /** Whether the send is still queued: not received, discarded or requeued. */
  holds(send: QueuedSend): boolean {
    return this.#sends.get(send.entry.clientMessageId) === send;
  }

  /** Returns the first waiting entry of a lane. */
  nextWaiting({ roomId, carries }: Lane): QueuedSend | undefined {
    for (const send of this.#sends.values()) {
      const { entry } = send;
      if (entry.state !== 'waiting' || entry.roomId !== roomId) continue;
      if (laneOf(entry).carries === carries) return send;
    }
    return undefined;
  }

  /** Returns the queued change of the same target that was never sent. */
  findUnsent(change: OutboxChange): QueuedSend | undefined {
    return [...this.#sends.values()].find(
      ({ entry, repeated }) =>
        entry.state === 'waiting' &&
        !repeated &&
        entry.roomId === change.roomId &&
        isChange(entry) &&
        targetOf(entry) === targetOf(change),
    );
  }

  /** Appends an entry; one that is already queued moves to the end. */
  append(send: QueuedSend): void {
    const { clientMessageId } = send.entry;
    this.#sends.delete(clientMessageId);
    this.#sends.set(clientMessageId, send);
    this.#onChange();
  }

  /** Prepends the stored entries that are not queued yet. Returns the added entries. */
  prependStored(entries: readonly OutboxEntry[]): OutboxEntry[] {
    const added = entries.filter(({ clientMessageId }) => !this.#sends.has(clientMessageId));
    const present = [...this.#sends];
    this.#sends.clear();
    for (const entry of added) this.#sends.set(entry.clientMessageId, storedSend(entry));
    for (const [id, send] of present) this.#sends.set(id, send);
    if (added.length > 0) this.#onChange();
    return added;
  }

  /** Changes an entry that is still queued. */
  change(
    send: QueuedSend,
    change: Partial<Pick<OutboxEntry, 'state' | 'error' | 'persisted'>>,
  ): void {
    if (!this.holds(send)) return;
    send.entry = { ...send.entry, ...change };
    this.#onChange();
  }

  /** Marks a delivered entry as sent if its room retains sent entries; otherwise removes it. */
  complete(send: QueuedSend): void {
    if (!this.holds(send)) return;
    if (!this.#isRetained(send.entry.roomId)) {
      this.remove(send);
      return;
    }
    const { entry } = send;
    if (isChange(entry)) this.#dropReplaced(entry);
    if (send.repeated || isChange(entry)) this.#expire(send);
    // Last: a subscriber may remove the entry.
    this.change(send, { state: 'sent' });
  }

  remove(send: QueuedSend): void {
    this.#drop(send);
    this.#onChange();
  }

  /** Removes the room's sent entries. */
  removeSent(roomId: string): void {
    for (const send of this.#sentIn(roomId)) this.#drop(send);
    this.#onChange();
  }

  /** Removes the room's sent entries after 10 s. */
  expireSent(roomId: string): void {
    for (const send of this.#sentIn(roomId)) this.#expire(send);
  }

  /** Clears all timers. */
  close(): void {
    for (const { expiry } of this.#sends.values()) clearTimeout(expiry);
  }

  #sentIn(roomId: string): QueuedSend[] {
    return [...this.#sends.values()].filter(
      ({ entry }) => entry.roomId === roomId && entry.state === 'sent',
    );
  }

  #expire(send: QueuedSend): void {
    send.expiry ??= setTimeout(() => this.remove(send), SENT_GRACE_MS);
  }

  /** Drops the sent changes that a later one replaces. */
  #dropReplaced(change: OutboxChange): void {
    for (const send of this.#sentIn(change.roomId)) {
      const { entry } = send;
      if (isChange(entry) && targetOf(entry) === targetOf(change)) this.#drop(send);
    }
  }

  #drop(send: QueuedSend): void {
    clearTimeout(send.expiry);
    this.#sends.delete(send.entry.clientMessageId);
  }
}

/** Returns the lane that an entry is sent in. */
export function laneOf(entry: OutboxEntry): Lane {
  return { roomId: entry.roomId, carries: isChange(entry) ? 'changes' : 'messages' };
}

function storedSend(entry: OutboxEntry): QueuedSend {
  return { entry, persisted: Promise.resolve(true), repeated: true, internalFailures: 0 };
}
