import { SessionStore, type SessionRecord } from '@chat/users';
import type { Model } from 'mongoose';
import { translateErrors } from '../mongo-failure.ts';
import type { SessionDocument } from './session.schema.ts';

export class MongoSessionStore extends SessionStore {
  constructor(private readonly sessions: Model<SessionDocument>) {
    super();
  }

  async insert({ id, expiresAt, ...session }: SessionRecord): Promise<void> {
    const document = { _id: id, ...session, expiresAt: new Date(expiresAt) };
    await translateErrors(() => this.sessions.insertMany([document], { lean: true }));
  }

  findByIds(ids: readonly string[], now: string): Promise<SessionRecord[]> {
    return translateErrors(async () => {
      const found = await this.sessions
        .find({ _id: { $in: ids }, expiresAt: { $gt: new Date(now) } })
        .lean();
      return found.map(toKnownSession);
    });
  }

  rotate(
    id: string,
    fromGeneration: number,
    { rotatedAt, expiresAt }: { readonly rotatedAt: string; readonly expiresAt: string },
  ): Promise<SessionRecord | undefined> {
    return translateErrors(async () =>
      toSession(
        await this.sessions
          .findOneAndUpdate(
            { _id: id, generation: fromGeneration, expiresAt: { $gt: new Date(rotatedAt) } },
            { $inc: { generation: 1 }, $set: { rotatedAt, expiresAt: new Date(expiresAt) } },
            { returnDocument: 'after' },
          )
          .lean(),
      ),
    );
  }

  listByUser(userId: string, now: string): Promise<SessionRecord[]> {
    return translateErrors(async () => {
      const found = await this.sessions
        .find({ userId, expiresAt: { $gt: new Date(now) } })
        .sort({ createdAt: -1, _id: 1 })
        .lean();
      return found.map(toKnownSession);
    });
  }

  delete(id: string): Promise<boolean> {
    return translateErrors(
      async () => (await this.sessions.deleteOne({ _id: id })).deletedCount > 0,
    );
  }

  deleteExpired(now: string): Promise<number> {
    return translateErrors(
      async () =>
        (await this.sessions.deleteMany({ expiresAt: { $lte: new Date(now) } })).deletedCount,
    );
  }
}

function toSession(document: SessionDocument | null): SessionRecord | undefined {
  return document ? toKnownSession(document) : undefined;
}

function toKnownSession({ _id: id, expiresAt, ...session }: SessionDocument): SessionRecord {
  return { id, ...session, expiresAt: expiresAt.toISOString() };
}
