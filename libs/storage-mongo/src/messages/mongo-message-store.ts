import type { RoomHead } from '@chat/contracts';
import {
  ConflictingWriterError,
  latestStates,
  MessageStore,
  RejectedMessageError,
  type LogEntry,
  type MessageVersion,
  type PageCursor,
  type RoomRev,
  type StoredMessage,
} from '@chat/messages';
import { CallCoalescer } from '@chat/platform/collections';
import { ConcurrencyLimiter } from '@chat/platform/limits';
import { mongo, type Model } from 'mongoose';
import {
  isDuplicateKey,
  contentErrorReason,
  translateErrors,
  unavailable,
} from '../mongo-failure.ts';
import { isUpdateDocument, toDocument, toEntry, toStoredMessage } from './log-documents.ts';
import type { LogDocument, MessageDocument } from './message.schema.ts';
import type { PendingUpdates } from './pending-updates.ts';
import { seqsOfPage } from './seq-range.ts';

/**
 * Limits for reads across many rooms: connections for all such calls together, connections
 * per call, and reads that may wait. The rest of the pool serves writers, and pages of a
 * single room.
 */
const ROOM_READS = { concurrent: 16, perCall: 4, waiting: 10_000 };

export class MongoMessageStore extends MessageStore {
  readonly #roomReads = new ConcurrencyLimiter(ROOM_READS, () => unavailable());
  // After an outage all clients read their rooms at once: many of them have the same ones.
  readonly #headReads = new CallCoalescer<RoomHead>();
  readonly #lastMessageReads = new CallCoalescer<MessageDocument | null>();

  constructor(
    private readonly log: Model<LogDocument>,
    private readonly pending: PendingUpdates,
  ) {
    super();
  }

  append(entries: readonly LogEntry[]): Promise<void> {
    return translateErrors(async () => {
      const documents = entries.map(toDocument);
      let rest = documents;
      while (rest.length > 0) {
        rest = await this.#insert(rest);
        if (rest.length > 0) rest = await this.#skipStored(rest);
      }
      await this.pending.apply(documents.filter(isUpdateDocument));
    });
  }

  applyPending(roomIds: readonly string[]): Promise<void> {
    return translateErrors(async () => this.pending.apply(await this.pending.find(roomIds)));
  }

  findByIds(ids: readonly string[]): Promise<Map<string, LogEntry>> {
    return translateErrors(async () => {
      const found = await this.#findStored(ids);
      return new Map([...found].map(([id, document]) => [id, toEntry(document)]));
    });
  }

  heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    return translateErrors(async () => {
      const heads = await this.#readRooms(roomIds, this.#headReads, (roomId) =>
        this.#headOf(roomId),
      );
      return new Map(heads.map((head) => [head.roomId, head]));
    });
  }

  /** Runs one command: each room is one index lookup; an unchanged room adds no result. */
  newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]> {
    if (known.length === 0) return Promise.resolve([]);
    const conditions = known.map(({ roomId, rev }) => ({ roomId, rev: { $gt: rev } }));
    return translateErrors(() =>
      this.#roomReads.run(async () => {
        const newer = await this.log
          .aggregate<RoomRev>([
            { $match: { $or: conditions } },
            { $group: { _id: '$roomId', rev: { $max: '$rev' } } },
            { $project: { _id: 0, roomId: '$_id', rev: 1 } },
          ])
          .hint({ roomId: 1, rev: 1 });
        const knownRevs = new Map(known.map(({ roomId, rev }) => [roomId, rev]));
        const covered = await this.#coveredOf(newer);
        return covered.filter(({ roomId, rev }) => rev > (knownRevs.get(roomId) ?? 0));
      }),
    );
  }

  lastMessages(roomIds: readonly string[]): Promise<Map<string, StoredMessage>> {
    return translateErrors(async () => {
      const found = await this.#readRooms(roomIds, this.#lastMessageReads, (roomId) =>
        // An update has a negative seq.
        this.log
          .findOne({ roomId, seq: { $gt: 0 } })
          .sort({ seq: -1 })
          .lean<MessageDocument>(),
      );
      return new Map(
        found.filter((last) => last !== null).map((last) => [last.roomId, toStoredMessage(last)]),
      );
    });
  }

  page(
    roomId: string,
    cursor: PageCursor,
    limit: number,
  ): Promise<{ messages: StoredMessage[]; head: RoomHead }> {
    return translateErrors(async () => {
      const head = await this.#headOf(roomId);
      const { from, to } = seqsOfPage(cursor, limit, head.seq);
      if (to < from) return { messages: [], head };
      const found = await this.log
        .find({ roomId, seq: { $gte: from, $lte: to } })
        .sort({ seq: 1 })
        .lean<MessageDocument[]>();
      // A newly elected primary may lack messages from the primary that returned the head.
      if (found.length !== to - from + 1) throw unavailable();
      return { messages: found.map(toStoredMessage), head };
    });
  }

  changes(
    roomId: string,
    since: number,
    limit: number,
  ): Promise<{ messages: StoredMessage[]; rev: number; head: RoomHead }> {
    return translateErrors(async () => {
      const head = await this.#headOf(roomId);
      if (since >= head.rev) return { messages: [], rev: since, head };
      const entries = await this.log
        .find({ roomId, rev: { $gt: since, $lte: head.rev } })
        .sort({ rev: 1 })
        .limit(limit)
        .lean<LogDocument[]>();
      // A newly elected primary may lack entries from the primary that returned the head.
      if (entries.length !== Math.min(limit, head.rev - since)) throw unavailable();
      const messages = await this.#changedBy(entries, head.rev);
      return { messages, rev: since + entries.length, head };
    });
  }

  find(roomId: string, messageId: string): Promise<StoredMessage | undefined> {
    return translateErrors(async () => {
      const message = await this.#findMessage(roomId, messageId);
      if (!message) return undefined;
      // Read after the message: an earlier update is then applied, or found here.
      const [covered] = await this.#coveredOf([{ roomId, rev: message.rev }]);
      return covered?.rev === message.rev ? toStoredMessage(message) : undefined;
    });
  }

  versions(roomId: string, messageId: string): Promise<MessageVersion[]> {
    return translateErrors(async () => {
      const replaced = await this.pending.replacedTexts(messageId);
      // Read after the texts, and before the message: one of the two shows an earlier deletion.
      if (await this.pending.hasDeletion(roomId, messageId)) return [];
      const message = await this.#findMessage(roomId, messageId);
      if (!message || message.deletedAt !== undefined) return [];
      // An edit that is not applied has kept the current text.
      return replaced.filter(({ rev }) => rev < (message.changedRev ?? message.rev));
    });
  }

  #findMessage(roomId: string, messageId: string): Promise<MessageDocument | null> {
    return this.log
      .findOne({ _id: messageId, roomId, seq: { $gt: 0 } })
      .lean<MessageDocument | null>();
  }

  /** Returns each message that the entries changed, unless a later entry does before `headRev`. */
  async #changedBy(entries: readonly LogDocument[], headRev: number): Promise<StoredMessage[]> {
    const ids = entries.filter(isUpdateDocument).flatMap(({ messageId }) => messageId ?? []);
    const updated = ids.length > 0 ? await this.#findStored(ids) : new Map<string, LogDocument>();
    const messages: StoredMessage[] = [];
    for (const entry of entries) {
      const id = isUpdateDocument(entry) ? entry.messageId : entry._id;
      if (id === undefined) continue;
      const document = updated.get(id) ?? entry;
      if (isUpdateDocument(document)) throw unavailable();
      const message = toStoredMessage(document as MessageDocument);
      // A newly elected primary may lack an update of the message from the previous one.
      if (message.rev < entry.rev) throw unavailable();
      if (message.rev === entry.rev || message.rev > headRev) messages.push(message);
    }
    return latestStates(messages);
  }

  /**
   * Inserts documents in order. Returns the document that a unique index rejected and all
   * documents after it; an empty array when all are stored.
   *
   * @throws RejectedMessageError
   */
  async #insert(documents: LogDocument[]): Promise<LogDocument[]> {
    try {
      await this.log.insertMany(documents, { ordered: true, lean: true });
      return [];
    } catch (error) {
      const reason = contentErrorReason(error);
      if (reason !== undefined) throw new RejectedMessageError(reason, error);
      if (!isDuplicateKey(error)) throw error;
      const rejected = indexOfRejected(error);
      if (rejected === undefined) throw unavailable(error);
      return documents.slice(rejected);
    }
  }

  /**
   * Drops the leading documents that an earlier attempt stored, after a unique index
   * rejected the first document. Returns the remaining ones.
   *
   * @throws ConflictingWriterError, UnavailableError
   */
  async #skipStored(documents: LogDocument[]): Promise<LogDocument[]> {
    const stored = await this.#findStored(documents.map(({ _id }) => _id));
    const next = documents.findIndex(
      (document) => !hasSamePosition(document, stored.get(document._id)),
    );
    if (next < 0) return [];
    if (next > 0) return documents.slice(next);
    const [first] = documents;
    if (first && (await this.#hasConflict(first))) {
      throw new ConflictingWriterError(
        `Entry ${first._id} cannot be stored at rev ${first.rev} of room ${first.roomId}.`,
      );
    }
    // The conflicting document has not reached a majority and may still be rolled back.
    throw unavailable();
  }

  async #hasConflict({ _id, roomId, seq, rev }: LogDocument): Promise<boolean> {
    const conflicts = await this.log
      .find({ $or: [{ _id }, { roomId, seq }, { roomId, rev }] }, { _id: 1 })
      .lean();
    return conflicts.length > 0;
  }

  async #findStored(ids: readonly string[]): Promise<Map<string, LogDocument>> {
    const found = await this.log.find({ _id: { $in: [...new Set(ids)] } }).lean<LogDocument[]>();
    return new Map(found.map((document) => [document._id, document]));
  }

  /**
   * Reads rooms concurrently; results are in the order of `roomIds`. Concurrent callers share the
   * reads of a room, none of which begins before the call. Stops at the first error.
   */
  async #readRooms<T>(
    roomIds: readonly string[],
    reads: CallCoalescer<T>,
    read: (roomId: string) => Promise<T>,
  ): Promise<T[]> {
    const rest = [...roomIds.entries()].reverse();
    const found: T[] = [];
    const readRemaining = async (): Promise<void> => {
      for (let next = rest.pop(); next; next = rest.pop()) {
        const [index, roomId] = next;
        found[index] = await reads.queueNext(roomId, () => this.#roomReads.run(() => read(roomId)));
      }
    };
    try {
      await Promise.all(Array.from({ length: ROOM_READS.perCall }, readRemaining));
      return found;
    } finally {
      rest.length = 0;
    }
  }

  /**
   * Returns the head of a room.
   *
   * The rev is read first: an update up to it that is not applied is found afterwards, and every
   * message up to it was stored by then. The seq is that of the last message up to the rev: a
   * lower one would make readers assume that they have messages that they lack, and a higher one
   * that later messages are not new.
   */
  async #headOf(roomId: string): Promise<RoomHead> {
    const newest = await this.log
      .findOne({ roomId }, { _id: 0, rev: 1, seq: 1 })
      .sort({ rev: -1 })
      .lean();
    if (!newest) return { roomId, seq: 0, rev: 0 };
    // Every message also takes a rev: there are only messages, none of which has an update.
    if (newest.seq === newest.rev) return { roomId, seq: newest.seq, rev: newest.rev };
    const [covered] = await this.#coveredOf([{ roomId, rev: newest.rev }]);
    const rev = covered?.rev ?? 0;
    const last = await this.log
      .findOne({ roomId, seq: { $gt: 0 }, rev: { $lte: rev } }, { _id: 0, seq: 1 })
      .sort({ seq: -1 })
      .hint({ roomId: 1, seq: 1 })
      .lean();
    return { roomId, seq: last?.seq ?? 0, rev };
  }

  /** Lowers each rev to the last one before an update that is not applied. */
  async #coveredOf(revs: readonly RoomRev[]): Promise<RoomRev[]> {
    if (revs.length === 0) return [];
    const pendingRevs = await this.pending.firstRevs(revs.map(({ roomId }) => roomId));
    return revs.map(({ roomId, rev }) => {
      const pendingRev = pendingRevs.get(roomId) ?? Infinity;
      return { roomId, rev: Math.min(rev, pendingRev - 1) };
    });
  }
}

/** Returns undefined unless a majority is certain to have the documents before the rejected one. */
function indexOfRejected(error: unknown): number | undefined {
  if (!(error instanceof mongo.MongoBulkWriteError)) return undefined;
  if (error.result.getWriteConcernError()) return undefined;
  return [error.writeErrors].flat()[0]?.index;
}

function hasSamePosition(document: LogDocument, stored: LogDocument | undefined): boolean {
  return (
    stored?.roomId === document.roomId && stored.seq === document.seq && stored.rev === document.rev
  );
}
