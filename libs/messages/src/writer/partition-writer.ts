import type { Message, MessageCreate, RoomHead } from '@chat/contracts';
import { backoffMs, growingLruCache, partsOf, UnavailableError } from '@chat/platform';
import type { FeedPublisher } from '../feed-publisher.ts';
import {
  ConflictingWriterError,
  RefusedMessageError,
  type MessageStore,
} from '../message-store.ts';
import { DeletedRoomError, type DeletedRooms } from './deleted-rooms.ts';
import { sortOut, type NewMessage } from './new-messages.ts';
import { PendingWrite } from './pending-write.ts';
import type { RefusalLimit } from './refusal-limit.ts';

/** Told of what a writer does; for logs and metrics. */
export interface WriterObserver {
  stored(messages: readonly Message[]): void;
  /** The same batch is tried again after `retryInMs`. */
  failed(error: unknown, attempt: number, retryInMs: number): void;
  /** The store can never hold this message. */
  refused(message: MessageCreate, error: RefusedMessageError): void;
  /** Too many messages were refused: nothing is stored for `forMs`. */
  stopped(forMs: number): void;
}

/** A message that is stored, or about to be, with the writes that wait for it. */
interface NumberedMessage {
  readonly message: Message;
  readonly writes: readonly PendingWrite[];
}

/** For a writer whose partition others can take over: when it stops trying. */
export interface WriterLimits {
  /** How long the store may fail or keep silent, in milliseconds. */
  readonly giveUpAfterMs: number;
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
 *
 * A message that the store can never hold is found by halving its batch and is
 * rejected; the others are numbered again. When the store refuses too many,
 * nothing is stored for a while.
 */
export class PartitionWriter {
  #queue: PendingWrite[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;
  #abandoned = false;
  #wake: (() => void) | undefined;
  readonly #heads = growingLruCache<RoomHead>(MAX_HEADS);

  constructor(
    private readonly store: MessageStore,
    private readonly deletedRooms: DeletedRooms,
    private readonly feed: FeedPublisher,
    private readonly observer: WriterObserver,
    /** Of the partition: it outlives this writer. */
    private readonly refusals: RefusalLimit,
    private readonly limits?: WriterLimits,
  ) {}

  /**
   * Resolves with the stored message once it is durable; for a repeat of an event
   * that was stored before, with what is stored.
   *
   * @throws DeletedRoomError if its room was deleted; whatever is written with it is stored.
   * @throws RefusedMessageError if the store can never hold it; whatever is written with it is stored.
   * @throws UnavailableError if the writer is closed before that, or the store refuses
   * too many messages; with limits also whatever made it stop.
   */
  write(event: MessageCreate): Promise<Message> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#queue.push(new PendingWrite(event, resolve, reject));
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
    for (const write of this.#queue.splice(0)) write.reject(reason);
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH);
      try {
        await this.#persist(batch);
      } catch (error) {
        for (const write of batch) write.reject(error);
        if (this.limits) this.#stop(error);
      }
    }
    this.#draining = undefined;
  }

  /** Settles every write of the batch. */
  async #persist(batch: readonly PendingWrite[]): Promise<void> {
    this.#requireFewRefusals();
    for (;;) {
      const open = batch.filter(({ settled }) => !settled);
      const ids = open.flatMap((write) => [write.ids.current, write.ids.legacy]);
      const stored = await this.#retrying(() => this.store.findByIds(ids));
      const { repeats, fresh } = sortOut(open, stored);
      for (const [write, message] of repeats) write.resolve(message);
      const living = await this.#inLivingRooms(fresh);
      if (living.length === 0) return;
      try {
        return await this.#store(living);
      } catch (error) {
        if (!(error instanceof ConflictingWriterError) || this.limits) throw error;
        this.#heads.clear();
        await this.#pause(error, 1, backoffMs(1));
      }
    }
  }

  /** Those whose rooms were not deleted; the writes of the others are rejected. */
  async #inLivingRooms(fresh: readonly NewMessage[]): Promise<NewMessage[]> {
    const roomIds = [...new Set(fresh.map(({ message }) => message.roomId))];
    if (roomIds.length === 0) return [];
    const deleted = await this.#retrying(() => this.deletedRooms.deletedOf(roomIds));
    return fresh.filter(({ message, writes }) => {
      if (!deleted.has(message.roomId)) return true;
      for (const write of writes) write.reject(new DeletedRoomError());
      return false;
    });
  }

  async #store(fresh: readonly NewMessage[]): Promise<void> {
    if (fresh.length === 0) return;
    const numbered = await this.#number(fresh);
    try {
      await this.#retrying(() => this.store.append(numbered.map(({ message }) => message)));
    } catch (error) {
      if (!(error instanceof RefusedMessageError)) throw error;
      return this.#storeAllBut(fresh, error);
    }
    this.#settle(numbered);
  }

  /** Stores what can be stored of messages that the store refused together, each room without a gap. */
  async #storeAllBut(fresh: readonly NewMessage[], error: RefusedMessageError): Promise<void> {
    const [first] = fresh;
    if (first && fresh.length === 1) return this.#refuse(first, error);
    // The refused append may have stored those before the message that it refused.
    const stored = await this.#retrying(() =>
      this.store.findByIds(fresh.map(({ message }) => message.id)),
    );
    const known: NumberedMessage[] = [];
    const rest: NewMessage[] = [];
    for (const one of fresh) {
      const message = stored.get(one.message.id);
      if (message) known.push({ message, writes: one.writes });
      else rest.push(one);
    }
    this.#settle(known);
    const middle = Math.ceil(rest.length / 2);
    await this.#store(rest.slice(0, middle));
    await this.#store(rest.slice(middle));
  }

  #refuse({ message, writes }: NewMessage, error: RefusedMessageError): void {
    if (!this.refusals.admit()) {
      this.observer.stopped(this.refusals.stoppedForMs);
      this.#requireFewRefusals();
    }
    this.observer.refused(message, error);
    for (const write of writes) write.reject(error);
  }

  #requireFewRefusals(): void {
    const waitMs = this.refusals.stoppedForMs;
    if (waitMs > 0) throw new UnavailableError('The store refuses too many messages.', waitMs);
  }

  /** They are stored: shows them and answers their writes. */
  #settle(numbered: readonly NumberedMessage[]): void {
    if (numbered.length === 0) return;
    const messages = numbered.map(({ message }) => message);
    this.#advance(messages);
    this.observer.stored(messages);
    this.#publish(messages);
    for (const { message, writes } of numbered) for (const write of writes) write.resolve(message);
  }

  async #number(fresh: readonly NewMessage[]): Promise<NumberedMessage[]> {
    const next = await this.#headsOf(new Set(fresh.map(({ message }) => message.roomId)));
    return fresh.map(({ message, writes }) => {
      const { roomId } = message;
      const head = next.get(roomId) ?? { roomId, seq: 0, rev: 0 };
      const { seq, rev } = { seq: head.seq + 1, rev: head.rev + 1 };
      next.set(roomId, { roomId, seq, rev });
      return { message: { ...message, seq, rev }, writes };
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
        if (error instanceof ConflictingWriterError || error instanceof RefusedMessageError) {
          throw error;
        }
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
