import { MAX_EARLIER_VERSIONS } from '@chat/contracts';
import type { MessageVersion, StateChange } from '@chat/messages';
import type { Model, QueryFilter } from 'mongoose';
import type { MessageVersionDocument } from './message-version.schema.ts';
import type { LogDocument, UpdateDocument } from './message.schema.ts';

/** An update that may not be applied yet. */
interface PendingUpdate extends UpdateDocument {
  readonly pending: StateChange;
}

/**
 * Applies stored updates to their messages, and keeps the texts that edits replace.
 *
 * An update is stored with the new state of its message, `pending`. Then the message is updated if
 * it is in the state that the update expects, and `pending` is removed. Every step may be repeated:
 * after a crash by the next writer, and by a writer that has lost its partition.
 */
export class PendingUpdates {
  constructor(
    private readonly log: Model<LogDocument>,
    private readonly versions: Model<MessageVersionDocument>,
  ) {}

  /** Returns the updates of the rooms that are not applied, in rev order. */
  find(roomIds: readonly string[]): Promise<UpdateDocument[]> {
    return this.log
      .find({ pendingIn: { $in: [...roomIds] } })
      .sort({ pendingIn: 1, rev: 1 })
      .lean<UpdateDocument[]>();
  }

  /** Returns the rev of the first update of each room that is not applied; omits other rooms. */
  async firstRevs(roomIds: readonly string[]): Promise<Map<string, number>> {
    const found = await this.log
      .find({ pendingIn: { $in: [...roomIds] } }, { roomId: 1, rev: 1 })
      .sort({ rev: -1 })
      .lean();
    return new Map(found.map(({ roomId, rev }) => [roomId, rev]));
  }

  /** Applies updates in the given order; those that are applied already have no effect. */
  async apply(updates: readonly UpdateDocument[]): Promise<void> {
    const pending = updates.filter(isPending);
    if (pending.length === 0) return;
    await this.#keepReplaced(pending);
    await this.log.bulkWrite(pending.map(stateUpdate), { ordered: true });
    await this.#removeTextsOfDeleted(pending);
    await this.log.bulkWrite(
      pending.map(({ _id }) => ({
        updateOne: { filter: { _id }, update: { $unset: { pending: 1, pendingIn: 1 } } },
      })),
      { ordered: true },
    );
  }

  /** Returns whether a deletion of the message is stored that is not applied. */
  async hasDeletion(roomId: string, messageId: string): Promise<boolean> {
    const deletion = { pendingIn: roomId, messageId, kind: 'message.delete' } as const;
    return (await this.log.exists(deletion)) !== null;
  }

  /** Returns the texts of a message that edits replace, also edits that are not applied. */
  async replacedTexts(messageId: string): Promise<MessageVersion[]> {
    return this.versions
      .find({ messageId }, { _id: 0, rev: 1, text: 1, at: 1 })
      .sort({ rev: 1 })
      .lean<MessageVersion[]>();
  }

  async #keepReplaced(updates: readonly PendingUpdate[]): Promise<void> {
    const edits = updates.flatMap(({ pending: { messageId, replaced } }) =>
      replaced ? [{ messageId, replaced }] : [],
    );
    if (edits.length === 0) return;
    await this.versions.bulkWrite(
      edits.map(({ messageId, replaced }) => ({
        updateOne: {
          filter: { _id: `${messageId}:${replaced.rev}` },
          update: { $setOnInsert: { messageId, ...replaced } },
          upsert: true,
        },
      })),
      { ordered: true },
    );
    const full = await this.versions.aggregate<{ _id: string }>([
      { $match: { messageId: { $in: [...new Set(edits.map(({ messageId }) => messageId))] } } },
      { $group: { _id: '$messageId', count: { $sum: 1 } } },
      { $match: { count: { $gt: MAX_EARLIER_VERSIONS } } },
    ]);
    for (const { _id } of full) await this.#dropOldest(_id);
  }

  async #dropOldest(messageId: string): Promise<void> {
    const [oldest] = await this.versions
      .find({ messageId }, { rev: 1 })
      .sort({ rev: -1 })
      .skip(MAX_EARLIER_VERSIONS)
      .limit(1)
      .lean();
    if (oldest) await this.#removeTexts({ messageId, rev: { $lte: oldest.rev } });
  }

  async #removeTextsOfDeleted(updates: readonly PendingUpdate[]): Promise<void> {
    const deletions = updates.filter(({ pending }) => pending.state.deletedAt !== undefined);
    if (deletions.length === 0) return;
    await this.#removeTexts({
      messageId: { $in: deletions.map(({ pending }) => pending.messageId) },
    });
  }

  /** Keeps the ids: `#keepReplaced`, when it is late or repeated, then has no effect. */
  async #removeTexts(filter: QueryFilter<MessageVersionDocument>): Promise<void> {
    await this.versions.updateMany(filter, { $unset: { messageId: 1, rev: 1, text: 1, at: 1 } });
  }
}

function isPending(update: UpdateDocument): update is PendingUpdate {
  return update.pending !== undefined;
}

/** The update of the message, which has no effect unless the message has the expected rev. */
function stateUpdate({ rev, pending }: PendingUpdate) {
  const { messageId, prevRev, state } = pending;
  const { text, editedAt, deletedAt, reactions } = state;
  const absent = Object.entries({ editedAt, deletedAt, reactions }).flatMap(([field, value]) =>
    value === undefined ? [field] : [],
  );
  return {
    updateOne: {
      filter: {
        _id: messageId,
        $or: [{ changedRev: prevRev }, { changedRev: { $exists: false }, rev: prevRev }],
      },
      update: {
        $set: {
          text,
          changedRev: rev,
          ...(editedAt !== undefined && { editedAt }),
          ...(deletedAt !== undefined && { deletedAt }),
          ...(reactions !== undefined && { reactions }),
        },
        ...(absent.length > 0 && {
          $unset: Object.fromEntries(absent.map((field) => [field, 1])),
        }),
      },
    },
  };
}
