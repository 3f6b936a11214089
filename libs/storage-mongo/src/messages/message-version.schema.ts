import type { MessageVersion } from '@chat/messages';
import { Schema } from 'mongoose';

/**
 * An earlier text of a message as stored. Without its fields: a text that was removed. Its id stays,
 * so that a writer that has lost its partition cannot store the text again.
 */
export interface MessageVersionDocument extends Partial<MessageVersion> {
  /** `messageId:rev`: keeping a version twice has no effect. */
  readonly _id: string;
  readonly messageId?: string;
}

export const messageVersionSchema: Schema<MessageVersionDocument> =
  new Schema<MessageVersionDocument>(
    {
      _id: { type: String, required: true },
      messageId: String,
      rev: Number,
      text: String,
      at: String,
    },
    { collection: 'messageversions', versionKey: false },
  );
messageVersionSchema.index({ messageId: 1, rev: 1 });
