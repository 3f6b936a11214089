import type { StateChange, StoredReaction, UpdateKind } from '@chat/messages';
import { Schema } from 'mongoose';

/** An entry of the log as stored: a message or an update. */
export interface LogDocument {
  /** Id of the message, or of the command of an update. */
  readonly _id: string;
  readonly roomId: string;
  /**
   * Position of a message in the room. An update has the negative of its rev: so it takes no
   * position, and the unique index on room and seq, which earlier versions made, stays.
   */
  readonly seq: number;
  /** Position in the log; for a message that of its creation. */
  readonly rev: number;

  readonly userId?: string;
  readonly username?: string;
  readonly timestamp?: string;
  readonly clientMessageId?: string;
  /** Rev of the latest update of the message; absent if it has none. */
  readonly changedRev?: number;
  readonly text?: string;
  readonly editedAt?: string;
  readonly deletedAt?: string;
  readonly reactions?: StoredReaction[];

  readonly kind?: UpdateKind;
  readonly actor?: string;
  readonly at?: string;
  readonly messageId?: string;
  /** Both are present until the update is applied; the second is the id of the room. */
  readonly pending?: StateChange;
  readonly pendingIn?: string;
}

type With<Fields extends keyof LogDocument> = LogDocument & Required<Pick<LogDocument, Fields>>;
export type MessageDocument = With<'userId' | 'username' | 'timestamp' | 'text'>;
export type UpdateDocument = With<'kind' | 'actor' | 'at'>;

const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;

export const messageSchema: Schema<LogDocument> = new Schema<LogDocument>(
  {
    _id: text,
    roomId: text,
    seq: number,
    rev: number,
    userId: String,
    username: String,
    text: String,
    timestamp: String,
    clientMessageId: String,
    changedRev: Number,
    editedAt: String,
    deletedAt: String,
    reactions: { type: [{ _id: false, emoji: String, userIds: [String] }], default: undefined },
    kind: String,
    actor: String,
    at: String,
    messageId: String,
    pending: Schema.Types.Mixed,
    pendingIn: String,
  },
  { collection: 'messages', versionKey: false },
);
messageSchema.index({ roomId: 1, seq: 1 }, { unique: true });
messageSchema.index({ roomId: 1, rev: 1 }, { unique: true });
messageSchema.index({ pendingIn: 1 }, { sparse: true });
