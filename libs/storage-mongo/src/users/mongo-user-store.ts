import { foldCase, UserStore, type InsertUserOutcome, type UserRecord } from '@chat/users';
import type { Model } from 'mongoose';
import { isDuplicateKey, translateErrors, unavailable } from '../mongo-failure.ts';
import { beginsWith } from '../prefix-range.ts';
import type { UserDocument } from './user.schema.ts';

export class MongoUserStore extends UserStore {
  constructor(private readonly users: Model<UserDocument>) {
    super();
  }

  insert(user: UserRecord): Promise<InsertUserOutcome> {
    return translateErrors(async () => {
      const document = toDocument(user);
      try {
        await this.users.insertMany([document], { lean: true });
        return 'inserted';
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return await this.#takenKey(document, error);
      }
    });
  }

  findById(id: string): Promise<UserRecord | undefined> {
    return translateErrors(async () => toUser(await this.users.findById(id).lean()));
  }

  findByIds(ids: readonly string[]): Promise<UserRecord[]> {
    return translateErrors(async () => {
      const found = await this.users.find({ _id: { $in: [...new Set(ids)] } }).lean();
      return found.map(toKnownUser);
    });
  }

  firstId(): Promise<string | undefined> {
    return translateErrors(async () => {
      const [first] = await this.users
        .find({}, { _id: 1 })
        .sort({ createdAt: 1, _id: 1 })
        .limit(1)
        .lean();
      return first?._id;
    });
  }

  findByEmail(email: string): Promise<UserRecord | undefined> {
    return translateErrors(async () =>
      toUser(await this.users.findOne({ emailKey: foldCase(email) }).lean()),
    );
  }

  search(query: string, limit: number): Promise<UserRecord[]> {
    const range = beginsWith(foldCase(query));
    return translateErrors(async () => {
      const found = await this.users
        .find({ $or: [{ usernameKey: range }, { displayNameKey: range }] })
        .sort({ usernameKey: 1 })
        .limit(limit)
        .lean();
      return found.map(toKnownUser);
    });
  }

  updateDisplayName(id: string, displayName: string): Promise<UserRecord | undefined> {
    const changes = { displayName, displayNameKey: foldCase(displayName) };
    return translateErrors(async () =>
      toUser(
        await this.users
          .findOneAndUpdate({ _id: id }, { $set: changes }, { returnDocument: 'after' })
          .lean(),
      ),
    );
  }

  /**
   * Returns which key is taken. The server reports only the first index that rejects the
   * insert; if both keys are taken, the port requires `email-taken`.
   */
  async #takenKey(
    { emailKey, usernameKey }: UserDocument,
    cause: unknown,
  ): Promise<InsertUserOutcome> {
    // The document that has the key may not have reached a majority yet.
    const owners = await this.users
      .find({ $or: [{ emailKey }, { usernameKey }] })
      .readConcern('local')
      .lean();
    if (owners.some((owner) => owner.emailKey === emailKey)) return 'email-taken';
    if (owners.some((owner) => owner.usernameKey === usernameKey)) return 'username-taken';
    throw unavailable(cause);
  }
}

function toDocument({ id, ...user }: UserRecord): UserDocument {
  return {
    _id: id,
    ...user,
    emailKey: foldCase(user.email),
    usernameKey: foldCase(user.username),
    displayNameKey: foldCase(user.displayName),
  };
}

function toUser(document: UserDocument | null): UserRecord | undefined {
  return document ? toKnownUser(document) : undefined;
}

function toKnownUser(document: UserDocument): UserRecord {
  const { _id: id, email, username, displayName, passwordHash, createdAt } = document;
  return { id, email, username, displayName, passwordHash, createdAt };
}
