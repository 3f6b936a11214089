import type { Message, RoomHead } from '@chat/contracts';
import {
  ConflictingWriterError,
  MessageStore,
  RejectedMessageError,
  type PageCursor,
  type RoomRev,
} from '@chat/messages';
import { ConcurrencyLimiter } from '@chat/platform/limits';
import { mongo, type Model } from 'mongoose';
import {
  isDuplicateKey,
  contentErrorReason,
  translateErrors,
  unavailable,
} from '../mongo-failure.ts';
import type { MessageDocument } from './message.schema.ts';
import { seqsOfPage } from './seq-range.ts';

/**
 * Limits for reads across many rooms: connections for all such calls together, connections
 * per call, and reads that may wait. The rest of the pool serves writers, and pages of a
 * single room.
 */
const ROOM_READS = { concurrent: 16, perCall: 4, waiting: 10_000 };

export class MongoMessageStore extends MessageStore {
  readonly #roomReads = new ConcurrencyLimiter(ROOM_READS, () => unavailable());

  constructor(private readonly messages: Model<MessageDocument>) {
    super();
  }

  append(messages: readonly Message[]): Promise<void> {
    return translateErrors(async () => {
      let rest = messages.map(toDocument);
      while (rest.length > 0) {
        rest = await this.#insert(rest);
        if (rest.length > 0) rest = await this.#skipStored(rest);
      }
    });
  }

  findByIds(ids: readonly string[]): Promise<Map<string, Message>> {
    return translateErrors(async () => {
      const found = await this.#findStored(ids);
      return new Map([...found].map(([id, document]) => [id, toMessage(document)]));
    });
  }

  heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    return translateErrors(async () => {
      const heads = await this.#readRooms(roomIds, (roomId) => this.#headOf(roomId));
      return new Map(heads.map((head) => [head.roomId, head]));
    });
  }

  /** Runs one command: each room is one index lookup; an unchanged room adds no result. */
  newerRevs(known: readonly RoomRev[]): Promise<RoomRev[]> {
    if (known.length === 0) return Promise.resolve([]);
    const conditions = known.map(({ roomId, rev }) => ({ roomId, rev: { $gt: rev } }));
    return translateErrors(() =>
      this.#roomReads.run(() =>
        this.messages
          .aggregate<RoomRev>([
            { $match: { $or: conditions } },
            { $group: { _id: '$roomId', rev: { $max: '$rev' } } },
            { $project: { _id: 0, roomId: '$_id', rev: 1 } },
          ])
          .hint({ roomId: 1, rev: 1 }),
      ),
    );
  }

  lastMessages(roomIds: readonly string[]): Promise<Map<string, Message>> {
    return translateErrors(async () => {
      const found = await this.#readRooms(roomIds, (roomId) =>
        this.messages.findOne({ roomId }).sort({ seq: -1 }).lean(),
      );
      return new Map(
        found.filter((last) => last !== null).map((last) => [last.roomId, toMessage(last)]),
      );
    });
  }

  page(
    roomId: string,
    cursor: PageCursor,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }> {
    return translateErrors(async () => {
      const head = await this.#headOf(roomId);
      const { from, to } = seqsOfPage(cursor, limit, head.seq);
      if (to < from) return { messages: [], head };
      const found = await this.messages
        .find({ roomId, seq: { $gte: from, $lte: to } })
        .sort({ seq: 1 })
        .lean();
      // A newly elected primary may lack messages from the primary that returned the head.
      if (found.length !== to - from + 1) throw unavailable();
      return { messages: found.map(toMessage), head };
    });
  }

  changes(
    roomId: string,
    since: number,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }> {
    return translateErrors(async () => {
      const head = await this.#headOf(roomId);
      if (since >= head.rev) return { messages: [], head };
      const found = await this.messages
        .find({ roomId, rev: { $gt: since, $lte: head.rev } })
        .sort({ rev: 1 })
        .limit(limit)
        .lean();
      if (found.length === 0) throw unavailable();
      return { messages: found.map(toMessage), head };
    });
  }

  /**
   * Inserts documents in order. Returns the document that a unique index rejected and all
   * documents after it; an empty array when all are stored.
   *
   * @throws RejectedMessageError
   */
  async #insert(documents: MessageDocument[]): Promise<MessageDocument[]> {
    try {
      await this.messages.insertMany(documents, { ordered: true, lean: true });
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
  async #skipStored(documents: MessageDocument[]): Promise<MessageDocument[]> {
    const stored = await this.#findStored(documents.map(({ _id }) => _id));
    const next = documents.findIndex(
      (document) => !hasSamePosition(document, stored.get(document._id)),
    );
    if (next < 0) return [];
    if (next > 0) return documents.slice(next);
    const [first] = documents;
    if (first && (await this.#hasConflict(first))) {
      throw new ConflictingWriterError(
        `Message ${first._id} cannot be stored at seq ${first.seq} of room ${first.roomId}.`,
      );
    }
    // The conflicting document has not reached a majority and may still be rolled back.
    throw unavailable();
  }

  async #hasConflict({ _id, roomId, seq, rev }: MessageDocument): Promise<boolean> {
    const conflicts = await this.messages
      .find({ $or: [{ _id }, { roomId, seq }, { roomId, rev }] }, { _id: 1 })
      .lean();
    return conflicts.length > 0;
  }

  async #findStored(ids: readonly string[]): Promise<Map<string, MessageDocument>> {
    const found = await this.messages.find({ _id: { $in: [...new Set(ids)] } }).lean();
    return new Map(found.map((document) => [document._id, document]));
  }

  /** Reads rooms concurrently; results are in the order of `roomIds`. Stops at the first error. */
  async #readRooms<T>(
    roomIds: readonly string[],
    read: (roomId: string) => Promise<T>,
  ): Promise<T[]> {
    const rest = [...roomIds.entries()].reverse();
    const found: T[] = [];
    const readRemaining = async (): Promise<void> => {
      for (let next = rest.pop(); next; next = rest.pop()) {
        const [index, roomId] = next;
        found[index] = await this.#roomReads.run(() => read(roomId));
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
   * The rev is read first: every message up to it was stored by then, so that none of
   * them is beyond the seq. A head whose rev is newer than its seq would make readers
   * assume that they have messages that they lack.
   */
  async #headOf(roomId: string): Promise<RoomHead> {
    const newest = await this.messages
      .findOne({ roomId }, { _id: 0, rev: 1, seq: 1 })
      .sort({ rev: -1 })
      .lean();
    if (!newest) return { roomId, seq: 0, rev: 0 };
    // Every message also takes a rev, so no seq can be higher than the rev.
    if (newest.seq === newest.rev) return { roomId, seq: newest.seq, rev: newest.rev };
    const last = await this.messages
      .findOne({ roomId }, { _id: 0, seq: 1 })
      .sort({ seq: -1 })
      .lean();
    return { roomId, seq: last?.seq ?? 0, rev: newest.rev };
  }
}

/** Returns undefined unless a majority is certain to have the documents before the rejected one. */
function indexOfRejected(error: unknown): number | undefined {
  if (!(error instanceof mongo.MongoBulkWriteError)) return undefined;
  if (error.result.getWriteConcernError()) return undefined;
  return [error.writeErrors].flat()[0]?.index;
}

function hasSamePosition(document: MessageDocument, stored: MessageDocument | undefined): boolean {
  return (
    stored?.roomId === document.roomId && stored.seq === document.seq && stored.rev === document.rev
  );
}

function toDocument(message: Message): MessageDocument {
  const { id, roomId, seq, rev, userId, username, text, timestamp, clientMessageId } = message;
  return {
    _id: id,
    roomId,
    seq,
    rev,
    userId,
    username,
    text,
    timestamp,
    ...(clientMessageId === undefined ? {} : { clientMessageId }),
  };
}

function toMessage({ _id: id, ...message }: MessageDocument): Message {
  return { id, ...message };
}
