import type { MessageVersion } from '@chat/messages';
import { Schema } from 'mongoose';

/** An earlier text of a message as stored. */
export interface MessageVersionDocument extends MessageVersion {
  /** `messageId:rev`: keeping a version twice has no effect. */
  readonly _id: string;
  readonly messageId: string;
}

const text = { type: String, required: true } as const;

export const messageVersionSchema: Schema<MessageVersionDocument> =
  new Schema<MessageVersionDocument>(
    { _id: text, messageId: text, rev: { type: Number, required: true }, text, at: text },
    { collection: 'messageversions', versionKey: false },
  );
messageVersionSchema.index({ messageId: 1, rev: 1 });
