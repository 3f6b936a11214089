import type { Message, RoomHead } from '@chat/contracts';
import { chunksOf, growingLruCache } from '@chat/platform/collections';
import { backoffMs, UnavailableError, withTimeout } from '@chat/platform/failures';
import type { MessageCreate } from '../message-create/message-create.ts';
import type { FeedPublisher } from '../feed-publisher.ts';
import {
  ConflictingWriterError,
  RejectedMessageError,
  type MessageStore,
} from '../message-store.ts';
import { DeletedRoomError, type DeletedRooms } from './deleted-rooms.ts';
import { deduplicate, type NewMessage } from './new-messages.ts';
import { PendingWrite } from './pending-write.ts';
import type { RejectionLimit } from './rejection-limit.ts';

/** Receives the events of a writer, for logs and metrics. */
export interface WriterObserver {
  /** A batch was stored. */
  stored(messages: readonly Message[]): void;
  /** An attempt failed; it is retried after `retryInMs`. */
  failed(error: unknown, attempt: number, retryInMs: number): void;
  /** The store can never accept this message. */
  rejected(message: MessageCreate, error: RejectedMessageError): void;
  /** Too many messages were rejected: nothing is stored for `forMs`. */
  stopped(forMs: number): void;
}

/** A message with its assigned seq and rev, and the writes that wait for it. */
interface NumberedMessage {
  readonly message: Message;
  readonly writes: readonly PendingWrite[];
}

/** Limits for a writer whose partition another instance can take over. */
export interface WriterLimits {
  /** How long the store may fail or not respond before the writer stops, in milliseconds. */
  readonly giveUpAfterMs: number;
}

/** Maximum number of messages in one commit. */
export const MAX_BATCH = 500;
/** Maximum number of cached room heads; an evicted head is re-read. */
const MAX_HEADS = 10_000;
/** Maximum number of heads per read; each read has its own deadline. */
const HEADS_CHUNK_SIZE = 50;

/**
 * The single active writer of a partition. Assigns a seq and a rev to every message,
 * stores messages in batches (everything that arrived during the last commit), and
 * publishes them to the feed once they are durable.
 *
 * A batch that fails is retried unchanged until it succeeds: its outcome is unknown,
 * so no later message may be numbered before it is known. With limits the writer stops
 * permanently instead, when the store is unavailable for too long or another writer has
 * written to the partition; the next writer re-reads the heads.
 *
 * A message that the store can never accept is found by bisecting its batch and is
 * rejected; the others are renumbered. When the store rejects too many messages,
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
    /** Belongs to the partition and outlives this writer. */
    private readonly rejectionLimit: RejectionLimit,
    private readonly limits?: WriterLimits,
  ) {}

  /**
   * Resolves with the stored message once it is durable; for a retry of an event, with the
   * message that is already stored.
   *
   * @throws DeletedRoomError if its room was deleted; the rest of the batch is stored.
   * @throws RejectedMessageError if the store can never accept it; the rest of the batch is stored.
   * @throws UnavailableError if the writer is closed before that, or the store rejects
   * too many messages; with limits, also the error that made the writer stop.
   */
  write(event: MessageCreate): Promise<Message> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#queue.push(new PendingWrite(event, resolve, reject));
      this.#draining ??= this.#drain();
    });
  }

  /** Stores the queued messages, or rejects them if the store fails. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#draining;
  }

  /** Starts no further writes and rejects queued messages; resolves once nothing is in flight. */
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
    this.#requireNotStopped();
    for (;;) {
      const pending = batch.filter(({ settled }) => !settled);
      const ids = pending.flatMap((write) => [write.ids.current, write.ids.legacy]);
      const stored = await this.#retry(() => this.store.findByIds(ids));
      const { duplicates, fresh } = deduplicate(pending, stored);
      for (const [write, message] of duplicates) write.resolve(message);
      const storable = await this.#withoutDeletedRooms(fresh);
      if (storable.length === 0) return;
      try {
        return await this.#store(storable);
      } catch (error) {
        if (!(error instanceof ConflictingWriterError) || this.limits) throw error;
        this.#heads.clear();
        await this.#pause(error, 1, backoffMs(1));
      }
    }
  }

  /** Returns the messages whose rooms were not deleted, and rejects the writes of the others. */
  async #withoutDeletedRooms(fresh: readonly NewMessage[]): Promise<NewMessage[]> {
    const roomIds = [...new Set(fresh.map(({ message }) => message.roomId))];
    if (roomIds.length === 0) return [];
    const deleted = await this.#retry(() => this.deletedRooms.deletedOf(roomIds));
    return fresh.filter(({ message, writes }) => {
      if (!deleted.has(message.roomId)) return true;
      for (const write of writes) write.reject(new DeletedRoomError());
      return false;
    });
  }

  async #store(fresh: readonly NewMessage[]): Promise<void> {
    if (fresh.length === 0) return;
    const numbered = await this.#assignPositions(fresh);
    try {
      await this.#retry(() => this.store.append(numbered.map(({ message }) => message)));
    } catch (error) {
      if (!(error instanceof RejectedMessageError)) throw error;
      return this.#bisect(fresh, error);
    }
    this.#settle(numbered);
  }

  /** Stores a rejected batch in halves until the bad message is found; no room gets a gap. */
  async #bisect(fresh: readonly NewMessage[], error: RejectedMessageError): Promise<void> {
    const [first] = fresh;
    if (first && fresh.length === 1) return this.#reject(first, error);
    // The rejected append may have stored the messages before the bad one.
    const stored = await this.#retry(() =>
      this.store.findByIds(fresh.map(({ message }) => message.id)),
    );
    const alreadyStored: NumberedMessage[] = [];
    const rest: NewMessage[] = [];
    for (const candidate of fresh) {
      const message = stored.get(candidate.message.id);
      if (message) alreadyStored.push({ message, writes: candidate.writes });
      else rest.push(candidate);
    }
    this.#settle(alreadyStored);
    const middle = Math.ceil(rest.length / 2);
    await this.#store(rest.slice(0, middle));
    await this.#store(rest.slice(middle));
  }

  #reject({ message, writes }: NewMessage, error: RejectedMessageError): void {
    if (!this.rejectionLimit.admit()) {
      this.observer.stopped(this.rejectionLimit.stoppedForMs);
      this.#requireNotStopped();
    }
    this.observer.rejected(message, error);
    for (const write of writes) write.reject(error);
  }

  /** @throws UnavailableError while the partition is stopped */
  #requireNotStopped(): void {
    const waitMs = this.rejectionLimit.stoppedForMs;
    if (waitMs > 0) {
      throw new UnavailableError(
        'The server cannot store messages right now. Please try again.',
        waitMs,
      );
    }
  }

  /** Publishes stored messages and resolves their writes. */
  #settle(numbered: readonly NumberedMessage[]): void {
    if (numbered.length === 0) return;
    const messages = numbered.map(({ message }) => message);
    this.#advance(messages);
    this.observer.stored(messages);
    this.#publish(messages);
    for (const { message, writes } of numbered) for (const write of writes) write.resolve(message);
  }

  async #assignPositions(fresh: readonly NewMessage[]): Promise<NumberedMessage[]> {
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
    // Heads stay cached when a later chunk fails: a stale head could only cause a conflict.
    for (const ids of chunksOf(unknown, HEADS_CHUNK_SIZE)) {
      for (const [roomId, head] of await this.#retry(() => this.store.heads(ids))) {
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

  async #retry<T>(operation: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + (this.limits?.giveUpAfterMs ?? Infinity);
    for (let attempt = 1; ; attempt += 1) {
      if (this.#abandoned) throw closedError();
      try {
        return await withTimeout(operation(), Math.max(0, deadline - performance.now()));
      } catch (error) {
        if (error instanceof ConflictingWriterError || error instanceof RejectedMessageError) {
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

function closedError(cause?: unknown): UnavailableError {
  return new UnavailableError('The server is shutting down. Please try again.', 1_000, cause);
}
