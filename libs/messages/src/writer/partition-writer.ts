import type { Message, MessageCreate, RoomHead } from '@chat/contracts';
import { backoffMs, partsOf, UnavailableError } from '@chat/platform';
import { LRUCache } from 'lru-cache';
import type { FeedPublisher } from '../feed-publisher.ts';
import { ConflictingWriterError, type MessageStore } from '../message-store.ts';
import { DeletedRoomError, type DeletedRooms } from './deleted-rooms.ts';

/** Told of what a writer does; for logs and metrics. */
export interface WriterObserver {
  stored(messages: readonly Message[]): void;
  /** The same batch is tried again after `retryInMs`. */
  failed(error: unknown, attempt: number, retryInMs: number): void;
}

/** For a writer whose partition others can take over: when it stops trying. */
export interface WriterLimits {
  /** How long the store may fail or keep silent, in milliseconds. */
  readonly giveUpAfterMs: number;
}

interface Pending {
  readonly event: MessageCreate;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: unknown) => void;
}

/** Most messages in one commit. */
export const MAX_BATCH = 500;
/** Rooms whose head is kept; the head of a forgotten one is read again. */
const MAX_HEADS = 10_000;
/** Rooms whose heads are read in one go, within one limit of time. */
const HEADS_AT_ONCE = 50;

/**
 * The one active writer of a partition. It gives every message its seq and rev,
 * stores messages in batches (whatever arrived while the last commit was in
 * flight), and publishes them to the feed once they are durable.
 *
 * A batch that fails is tried again unchanged, for as long as it takes: its
 * outcome is unknown, so nothing may be numbered after it before it is decided.
 * With limits it stops instead, for good, when the store is away for too long or
 * another writer has been there: whoever takes over then reads afresh.
 */
export class PartitionWriter {
  #queue: Pending[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;
  #abandoned = false;
  #wake: (() => void) | undefined;
  readonly #heads = new LRUCache<string, RoomHead>({ max: MAX_HEADS });

  constructor(
    private readonly store: MessageStore,
    private readonly deletedRooms: DeletedRooms,
    private readonly feed: FeedPublisher,
    private readonly observer: WriterObserver,
    private readonly limits?: WriterLimits,
  ) {}

  /**
   * Resolves with the stored message once it is durable; for an id that was
   * stored before, with what is stored.
   *
   * @throws DeletedRoomError if its room was deleted; whatever is written with it is stored.
   * @throws UnavailableError if the writer is closed before that; with limits
   * also whatever made it stop.
   */
  write(event: MessageCreate): Promise<Message> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#queue.push({ event, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Stores what is queued, unless the store fails; what is not stored then is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#draining;
  }

  /** Begins nothing more and rejects what waits; resolves once nothing is in flight. */
  async abandon(): Promise<void> {
    this.#stop(closedError());
    this.#wake?.();
    await this.#draining;
  }

  #stop(reason: unknown): void {
    this.#closed = true;
    this.#abandoned = true;
    for (const { reject } of this.#queue.splice(0)) reject(reason);
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH);
      try {
        const stored = await this.#persist(batch.map(({ event }) => event));
        for (const { event, resolve, reject } of batch) {
          const message = stored.get(event.id);
          if (message) resolve(message);
          else reject(new DeletedRoomError());
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
        if (this.limits) this.#stop(error);
      }
    }
    this.#draining = undefined;
  }

  /** Every message of the events, by id, stored now or before, but for new ones in deleted rooms. */
  async #persist(events: readonly MessageCreate[]): Promise<Map<string, Message>> {
    for (;;) {
      const stored = await this.#retrying(() => this.store.findByIds(events.map(({ id }) => id)));
      const fresh = await this.#inLivingRooms(
        firstOfEachId(events).filter(({ id }) => !stored.has(id)),
      );
      if (fresh.length === 0) return stored;
      const messages = await this.#number(fresh);
      try {
        await this.#retrying(() => this.store.append(messages));
      } catch (error) {
        if (!(error instanceof ConflictingWriterError) || this.limits) throw error;
        this.#heads.clear();
        await this.#pause(error, 1, backoffMs(1));
        continue;
      }
      this.#advance(messages);
      for (const message of messages) stored.set(message.id, message);
      this.observer.stored(messages);
      this.#publish(messages);
      return stored;
    }
  }

  async #inLivingRooms(events: readonly MessageCreate[]): Promise<MessageCreate[]> {
    const roomIds = [...new Set(events.map(({ roomId }) => roomId))];
    if (roomIds.length === 0) return [];
    const deleted = await this.#retrying(() => this.deletedRooms.deletedOf(roomIds));
    return events.filter(({ roomId }) => !deleted.has(roomId));
  }

  async #number(events: readonly MessageCreate[]): Promise<Message[]> {
    const next = await this.#headsOf(new Set(events.map(({ roomId }) => roomId)));
    return events.map((event) => {
      const head = next.get(event.roomId) ?? { roomId: event.roomId, seq: 0, rev: 0 };
      const { seq, rev } = { seq: head.seq + 1, rev: head.rev + 1 };
      next.set(event.roomId, { roomId: event.roomId, seq, rev });
      return { ...event, seq, rev };
    });
  }

  async #headsOf(roomIds: ReadonlySet<string>): Promise<Map<string, RoomHead>> {
    const heads = new Map<string, RoomHead>();
    const unknown: string[] = [];
    for (const roomId of roomIds) {
      const head = this.#heads.get(roomId);
      if (head) heads.set(roomId, head);
      else unknown.push(roomId);
    }
    // What was read stays read when the store fails after it: a stale head could only end in a conflict.
    for (const some of partsOf(unknown, HEADS_AT_ONCE)) {
      for (const [roomId, head] of await this.#retrying(() => this.store.heads(some))) {
        heads.set(roomId, head);
        this.#heads.set(roomId, head);
      }
    }
    return heads;
  }

  #advance(messages: readonly Message[]): void {
    for (const { roomId, seq, rev } of messages) this.#heads.set(roomId, { roomId, seq, rev });
  }

  #publish(messages: readonly Message[]): void {
    const byRoom = Map.groupBy(messages, ({ roomId }) => roomId);
    for (const [roomId, changes] of byRoom) this.feed.publish(roomId, changes);
  }

  async #retrying<T>(operation: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + (this.limits?.giveUpAfterMs ?? Infinity);
    for (let attempt = 1; ; attempt += 1) {
      if (this.#abandoned) throw closedError();
      try {
        return await before(deadline, operation());
      } catch (error) {
        if (error instanceof ConflictingWriterError) throw error;
        const remainingMs = deadline - performance.now();
        if (remainingMs <= 0) throw error;
        await this.#pause(error, attempt, Math.min(backoffMs(attempt), remainingMs));
      }
    }
  }

  async #pause(error: unknown, attempt: number, retryInMs: number): Promise<void> {
    if (this.#closed) throw closedError(error);
    this.observer.failed(error, attempt, retryInMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, retryInMs);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

function firstOfEachId(events: readonly MessageCreate[]): MessageCreate[] {
  const byId = new Map<string, MessageCreate>();
  for (const event of events) if (!byId.has(event.id)) byId.set(event.id, event);
  return [...byId.values()];
}

/** @param deadline as `performance.now()` counts; Infinity for none */
async function before<T>(deadline: number, operation: Promise<T>): Promise<T> {
  if (deadline === Infinity) return operation;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => {
      reject(new Error('the store has not answered in time'));
    },
    Math.max(0, deadline - performance.now()),
  );
  try {
    return await Promise.race([operation, late]);
  } finally {
    clearTimeout(timer);
  }
}

function closedError(cause?: unknown): UnavailableError {
  return new UnavailableError('The server is stopping.', 1_000, cause);
}
