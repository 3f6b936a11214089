import type { RoomHead } from '@chat/contracts';
import { chunksOf, growingLruCache } from '@chat/platform/collections';
import { backoffMs, UnavailableError, withTimeout } from '@chat/platform/failures';
import type { MessageCommand } from '../commands/message-command.ts';
import type { MessageCreate } from '../commands/message-create.ts';
import type { FeedPublisher } from '../feed-publisher.ts';
import { isUpdate, type LogEntry, type MessageUpdate } from '../log/log-entry.ts';
import { isCreate, type Command } from '../commands/command.ts';
import { plan, type PlannedEntry } from '../log/plan.ts';
import type { StoredMessage } from '../log/stored-message.ts';
import {
  ConflictingWriterError,
  RejectedMessageError,
  type MessageStore,
  type PlanningState,
} from '../message-store.ts';
import { DeletedRoomError, type DeletedRooms } from './deleted-rooms.ts';
import { deduplicate, type NewCommand } from './new-commands.ts';
import { PendingWrite } from './pending-write.ts';
import type { RejectionLimit } from './rejection-limit.ts';
import type { RoomHeads } from './room-heads.ts';

/** Receives the events of a writer, for logs and metrics. */
export interface WriterObserver {
  /** A batch was stored. */
  stored(entries: readonly LogEntry[]): void;
  /** An attempt failed; it is retried after `retryInMs`. */
  failed(error: unknown, attempt: number, retryInMs: number): void;
  /** The store can never accept this command. */
  rejected(command: Command, error: RejectedMessageError): void;
  /** Too many messages were rejected: nothing is stored for `forMs`. */
  stopped(forMs: number): void;
}

/** An entry with its position, and the writes that wait for it. */
interface PlannedCommand extends PlannedEntry {
  readonly writes: readonly PendingWrite[];
}

/** Limits for a writer whose partition another instance can take over. */
export interface WriterLimits {
  /** How long the store may fail or not respond before the writer stops, in milliseconds. */
  readonly giveUpAfterMs: number;
}

/** Maximum number of commands in one commit. */
export const MAX_BATCH = 500;
/** Maximum number of cached room heads; an evicted head is re-read. */
const MAX_HEADS = 10_000;
/** Maximum number of heads per read; each read has its own deadline. */
const HEADS_CHUNK_SIZE = 50;

/**
 * The single active writer of a partition. Gives every command an entry in the log of its room,
 * stores entries in batches (everything that arrived during the last commit), and publishes them
 * to the feed, and the heads of their rooms, once they are durable.
 *
 * A batch that fails is retried unchanged until it succeeds: its outcome is unknown, so no later
 * command may get a position before it is known. With limits the writer stops permanently instead,
 * when the store is unavailable for too long or another writer has written to the partition; the
 * next writer re-reads the heads.
 *
 * A command that the store can never accept is found by bisecting its batch and is rejected; the
 * others are planned again. When the store rejects too many, nothing is stored for a while.
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
    private readonly roomHeads: Pick<RoomHeads, 'update' | 'flush'>,
    private readonly observer: WriterObserver,
    /** Belongs to the partition and outlives this writer. */
    private readonly rejectionLimit: RejectionLimit,
    private readonly limits?: WriterLimits,
  ) {}

  /**
   * Resolves with the stored entry once it is durable; for a retry of a command, with the entry
   * that is already stored.
   *
   * @throws DeletedRoomError if its room was deleted; the rest of the batch is stored.
   * @throws RejectedMessageError if the store can never accept it; the rest of the batch is stored.
   * @throws UnavailableError if the writer is closed before that, or the store rejects
   * too many commands; with limits, also the error that made the writer stop.
   */
  write(command: MessageCreate): Promise<StoredMessage>;
  write(command: MessageCommand): Promise<MessageUpdate>;
  write(command: Command): Promise<LogEntry>;
  write(command: Command): Promise<LogEntry> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#queue.push(new PendingWrite(command, resolve, reject));
      this.#draining ??= this.#drain();
    });
  }

  /** Stores the queued commands, or rejects them if the store fails. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#draining;
    this.roomHeads.flush();
  }

  /** Starts no further writes and rejects queued commands; resolves once nothing is in flight. */
  async abandon(): Promise<void> {
    this.#stop(closedError());
    this.#wake?.();
    await this.#draining;
    this.roomHeads.flush();
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
      try {
        return await this.#persistPending(batch.filter(({ settled }) => !settled));
      } catch (error) {
        if (!(error instanceof ConflictingWriterError) || this.limits) throw error;
        this.#heads.clear();
        await this.#pause(error, 1, backoffMs(1));
      }
    }
  }

  async #persistPending(pending: readonly PendingWrite[]): Promise<void> {
    const { entries: stored } = await this.#read(roomsOf(pending), [
      ...pending.flatMap(({ ids }) => Object.values(ids)),
      ...targetsOf(pending),
    ]);
    const originalTexts = await this.#originalTextsOf(pending, stored);
    const { duplicates, fresh } = deduplicate(pending, stored, originalTexts);
    for (const [write, entry] of duplicates) write.resolve(entry);
    await this.#store(await this.#withoutDeletedRooms(fresh), messagesIn(stored));
  }

  /** Returns the text before the first edit of each edited message with a legacy id of a write. */
  async #originalTextsOf(
    pending: readonly PendingWrite[],
    stored: ReadonlyMap<string, LogEntry>,
  ): Promise<Map<string, string>> {
    const texts = new Map<string, string>();
    for (const { ids } of pending) {
      const legacy = ids.legacy === undefined ? undefined : stored.get(ids.legacy);
      if (!legacy || isUpdate(legacy) || legacy.editedAt === undefined) continue;
      const [first] = await this.#retry(() => this.store.versions(legacy.roomId, legacy.id));
      if (first) texts.set(legacy.id, first.text);
    }
    return texts;
  }

  /** Returns the commands whose rooms were not deleted, and rejects the writes of the others. */
  async #withoutDeletedRooms(fresh: readonly NewCommand[]): Promise<NewCommand[]> {
    const roomIds = [...roomsOf(fresh)];
    if (roomIds.length === 0) return [];
    const deleted = await this.#retry(() => this.deletedRooms.deletedOf(roomIds));
    return fresh.filter(({ command, writes }) => {
      if (!deleted.has(command.roomId)) return true;
      for (const write of writes) write.reject(new DeletedRoomError());
      return false;
    });
  }

  async #store(
    fresh: readonly NewCommand[],
    messages: ReadonlyMap<string, StoredMessage>,
  ): Promise<void> {
    if (fresh.length === 0) return;
    const { heads } = await this.#read(roomsOf(fresh), []);
    const planned = plan(
      fresh.map(({ command }) => command),
      heads,
      messages,
    ).map((entry, index) => ({ ...entry, writes: fresh[index]?.writes ?? [] }));
    try {
      await this.#retry(() => this.store.append(planned.map(({ entry }) => entry)));
    } catch (error) {
      if (!(error instanceof RejectedMessageError)) throw error;
      return this.#bisect(fresh, planned, error);
    }
    this.#settle(planned);
  }

  /** Stores a rejected batch in halves until the bad command is found; no room gets a gap. */
  async #bisect(
    fresh: readonly NewCommand[],
    planned: readonly PlannedCommand[],
    error: RejectedMessageError,
  ): Promise<void> {
    const [first] = fresh;
    if (first && fresh.length === 1) return this.#reject(first, error);
    // The rejected append may have stored the entries before the bad one.
    for (const roomId of roomsOf(fresh)) this.#heads.delete(roomId);
    const { entries: stored } = await this.#read(roomsOf(fresh), [
      ...planned.map(({ entry }) => entry.id),
      ...targetsOf(fresh),
    ]);
    this.#settle(planned.filter(({ entry }) => stored.has(entry.id)));
    const rest = fresh.filter((_, index) => !stored.has(planned[index]?.entry.id ?? ''));
    const middle = Math.ceil(rest.length / 2);
    await this.#store(rest.slice(0, middle), messagesIn(stored));
    const later = rest.slice(middle);
    if (later.length === 0) return;
    const { entries } = await this.#read(roomsOf(later), targetsOf(later));
    await this.#store(later, messagesIn(entries));
  }

  #reject({ command, writes }: NewCommand, error: RejectedMessageError): void {
    if (!this.rejectionLimit.admit()) {
      this.observer.stopped(this.rejectionLimit.stoppedForMs);
      this.#requireNotStopped();
    }
    this.observer.rejected(command, error);
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

  /** Publishes stored entries and resolves their writes. */
  #settle(planned: readonly PlannedCommand[]): void {
    if (planned.length === 0) return;
    for (const { entry } of planned) this.#advance(entry);
    this.observer.stored(planned.map(({ entry }) => entry));
    const byRoom = Map.groupBy(planned, ({ entry }) => entry.roomId);
    for (const [roomId, entries] of byRoom) {
      const changes = entries.map(({ change }) => change);
      this.feed.publish(roomId, changes);
      const head = this.#heads.get(roomId);
      if (head) this.roomHeads.update(head, changes);
    }
    for (const { entry, writes } of planned) for (const write of writes) write.resolve(entry);
  }

  #advance(entry: LogEntry): void {
    const { roomId, rev } = entry;
    const head = this.#heads.get(roomId) ?? { roomId, seq: 0, rev: 0 };
    const seq = isUpdate(entry) ? head.seq : Math.max(head.seq, entry.seq);
    this.#heads.set(roomId, { roomId, seq, rev: Math.max(head.rev, rev) });
  }

  /** Returns the heads of the rooms, reading those that are not cached, and the entries. */
  async #read(roomIds: ReadonlySet<string>, ids: readonly string[]): Promise<PlanningState> {
    const heads = new Map<string, RoomHead>();
    const unknown: string[] = [];
    for (const roomId of roomIds) {
      const head = this.#heads.get(roomId);
      if (head) heads.set(roomId, head);
      else unknown.push(roomId);
    }
    // Heads stay cached when a later chunk fails: a stale head could only cause a conflict.
    const chunks = chunksOf(unknown, HEADS_CHUNK_SIZE);
    const last = chunks.pop() ?? [];
    for (const chunk of chunks) await this.#readChunk(chunk, [], heads);
    const entries = await this.#readChunk(last, ids, heads);
    return { heads, entries };
  }

  /** Adds the heads of the rooms to `heads`, and returns the entries. */
  async #readChunk(
    roomIds: readonly string[],
    ids: readonly string[],
    heads: Map<string, RoomHead>,
  ): Promise<Map<string, LogEntry>> {
    if (roomIds.length + ids.length === 0) return new Map();
    const state = await this.#retry(() => this.store.planningState(roomIds, ids));
    for (const [roomId, head] of state.heads) {
      heads.set(roomId, head);
      this.#heads.set(roomId, head);
    }
    return state.entries;
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

function roomsOf(items: readonly { readonly command: Command }[]): Set<string> {
  return new Set(items.map(({ command }) => command.roomId));
}

/** Returns the ids of the messages that the commands change. */
function targetsOf(items: readonly { readonly command: Command }[]): string[] {
  return items.flatMap(({ command }) => (isCreate(command) ? [] : [command.payload.messageId]));
}

function messagesIn(entries: ReadonlyMap<string, LogEntry>): Map<string, StoredMessage> {
  const messages = new Map<string, StoredMessage>();
  for (const [id, entry] of entries) if (!isUpdate(entry)) messages.set(id, entry);
  return messages;
}

function closedError(cause?: unknown): UnavailableError {
  return new UnavailableError('The server is shutting down. Please try again.', 1_000, cause);
}
