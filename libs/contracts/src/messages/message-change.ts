import { z } from 'zod';
import { UserId } from '../users/user-id.ts';
import { Message } from './message.ts';

/** A change of a message as the difference to its state before. */
export const MessageDelta = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('edited'),
    text: z.string(),
    editedAt: z.iso.datetime(),
  }),
  z.object({ kind: z.literal('deleted'), deletedAt: z.iso.datetime() }),
  z.object({
    kind: z.literal('reacted'),
    emoji: z.string(),
    userId: UserId,
    on: z.boolean().describe('Whether the reaction was set or removed.'),
  }),
]);
export type MessageDelta = z.infer<typeof MessageDelta>;

/** A change of a message; a client that meets an unknown `kind` reads the message again. */
export const MessageChange = z
  .discriminatedUnion('kind', [
    ...MessageDelta.options,
    z.object({
      kind: z.literal('state').describe('After a gap: the whole message.'),
      message: Message,
    }),
  ])
  .meta({ id: 'MessageChange' });
export type MessageChange = z.infer<typeof MessageChange>;
