import type { Message, RoomHead, RoomRev } from '@chat/contracts';
import {
  ConflictingWriterError,
  MessageStore,
  RefusedMessageError,
  type PageCursor,
} from '@chat/messages';
import { BoundedWork } from '@chat/platform';
import { mongo, type Model } from 'mongoose';
import { isDuplicateKey, reaching, reasonOfRefusal, unavailable } from '../mongo-failure.ts';
import type { MessageDocument } from './message.schema.ts';
import { seqsOfPage } from './seq-range.ts';

/**
 * How many connections those take together who ask about many rooms, and how
 * many each of them: the rest of the pool is for writers, and for pages of one room.
 */
const ROOM_READS = { concurrent: 16, perCall: 4, waiting: 10_000 };

export class MongoMessageStore extends MessageStore {
  readonly #roomReads = new BoundedWork(ROOM_READS, () => unavailable());

  constructor(private readonly messages: Model<MessageDocument>) {
    super();
  }

  append(messages: readonly Message[]): Promise<void> {
    return reaching(async () => {
      let rest = messages.map(toDocument);
      while (rest.length > 0) {
        rest = await this.#insert(rest);
        if (rest.length > 0) rest = await this.#skipStored(rest);
      }
    });
  }

  findByIds(ids: readonly string[]): Promise<Map<string, Message>> {
    return reaching(async () => {
      const found = await this.#stored(ids);
      return new Map([...found].map(([id, document]) => [id, toMessage(document)]));
    });
  }

  heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    return reaching(async () => {
      const heads = await this.#ofEach(roomIds, (roomId) => this.#headOf(roomId));
      return new Map(heads.map((head) => [head.roomId, head]));
    });
  }

  /** One command: every room is one step in the index, and one that stands still gives nothing. */
  revsBeyond(known: readonly RoomRev[]): Promise<RoomRev[]> {
    if (known.length === 0) return Promise.resolve([]);
    const moved = known.map(({ roomId, rev }) => ({ roomId, rev: { $gt: rev } }));
    return reaching(() =>
      this.#roomReads.run(() =>
        this.messages
          .aggregate<RoomRev>([
            { $match: { $or: moved } },
            { $group: { _id: '$roomId', rev: { $max: '$rev' } } },
            { $project: { _id: 0, roomId: '$_id', rev: 1 } },
          ])
          .hint({ roomId: 1, rev: 1 }),
      ),
    );
  }

  lastMessages(roomIds: readonly string[]): Promise<Map<string, Message>> {
    return reaching(async () => {
      const found = await this.#ofEach(roomIds, (roomId) =>
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
    return reaching(async () => {
      const head = await this.#headOf(roomId);
      const { from, to } = seqsOfPage(cursor, limit, head.seq);
      if (to < from) return { messages: [], head };
      const found = await this.messages
        .find({ roomId, seq: { $gte: from, $lte: to } })
        .sort({ seq: 1 })
        .lean();
      // A primary that has just come may know less than the one that told of the head.
      if (found.length !== to - from + 1) throw unavailable();
      return { messages: found.map(toMessage), head };
    });
  }

  changes(
    roomId: string,
    since: number,
    limit: number,
  ): Promise<{ messages: Message[]; head: RoomHead }> {
    return reaching(async () => {
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
   * The document that a unique index refused, and all after it; nothing when all are stored.
   *
   * @throws RefusedMessageError
   */
  async #insert(documents: MessageDocument[]): Promise<MessageDocument[]> {
    try {
      await this.messages.insertMany(documents, { ordered: true, lean: true });
      return [];
    } catch (error) {
      const reason = reasonOfRefusal(error);
      if (reason !== undefined) throw new RefusedMessageError(reason, error);
      if (!isDuplicateKey(error)) throw error;
      const refused = indexOfRefused(error);
      if (refused === undefined) throw unavailable(error);
      return documents.slice(refused);
    }
  }

  /**
   * What comes after those that an earlier attempt has stored, of documents
   * whose first was refused.
   *
   * @throws ConflictingWriterError, UnavailableError
   */
  async #skipStored(documents: MessageDocument[]): Promise<MessageDocument[]> {
    const stored = await this.#stored(documents.map(({ _id }) => _id));
    const next = documents.findIndex((document) => !isSame(document, stored.get(document._id)));
    if (next < 0) return [];
    if (next > 0) return documents.slice(next);
    const [first] = documents;
    if (first && (await this.#isClaimed(first))) {
      throw new ConflictingWriterError(
        `Message ${first._id} cannot be stored at seq ${first.seq} of room ${first.roomId}.`,
      );
    }
    // Whatever refused it has not reached a majority, and may yet vanish.
    throw unavailable();
  }

  async #isClaimed({ _id, roomId, seq, rev }: MessageDocument): Promise<boolean> {
    const holders = await this.messages
      .find({ $or: [{ _id }, { roomId, seq }, { roomId, rev }] }, { _id: 1 })
      .lean();
    return holders.length > 0;
  }

  async #stored(ids: readonly string[]): Promise<Map<string, MessageDocument>> {
    const found = await this.messages.find({ _id: { $in: [...new Set(ids)] } }).lean();
    return new Map(found.map((document) => [document._id, document]));
  }

  /** In the order of the rooms. Once one of them fails, no more are read. */
  async #ofEach<T>(roomIds: readonly string[], read: (roomId: string) => Promise<T>): Promise<T[]> {
    const rest = [...roomIds.entries()].reverse();
    const found: T[] = [];
    const readOn = async (): Promise<void> => {
      for (let next = rest.pop(); next; next = rest.pop()) {
        const [index, roomId] = next;
        found[index] = await this.#roomReads.run(() => read(roomId));
      }
    };
    try {
      await Promise.all(Array.from({ length: ROOM_READS.perCall }, readOn));
      return found;
    } finally {
      rest.length = 0;
    }
  }

  /**
   * The rev is read first: every message up to it was stored by then, so that
   * none of them is beyond the seq. A head whose rev were newer than its seq
   * would make readers believe that they have what they have not.
   */
  async #headOf(roomId: string): Promise<RoomHead> {
    const newest = await this.messages
      .findOne({ roomId }, { _id: 0, rev: 1, seq: 1 })
      .sort({ rev: -1 })
      .lean();
    if (!newest) return { roomId, seq: 0, rev: 0 };
    // Every message took a rev: none can be further than that.
    if (newest.seq === newest.rev) return { roomId, seq: newest.seq, rev: newest.rev };
    const last = await this.messages
      .findOne({ roomId }, { _id: 0, seq: 1 })
      .sort({ seq: -1 })
      .lean();
    return { roomId, seq: last?.seq ?? 0, rev: newest.rev };
  }
}

/** Undefined when it is not certain that a majority has what comes before. */
function indexOfRefused(error: unknown): number | undefined {
  if (!(error instanceof mongo.MongoBulkWriteError)) return undefined;
  if (error.result.getWriteConcernError()) return undefined;
  return [error.writeErrors].flat()[0]?.index;
}

function isSame(document: MessageDocument, stored: MessageDocument | undefined): boolean {
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
