import { z } from 'zod';
import { UserId } from '../users/user-id.ts';

/** Maximum number of different emoji on one message. */
export const MAX_REACTION_EMOJI = 50;
/** Maximum number of users that are listed for one emoji; `count` includes all of them. */
export const MAX_LISTED_REACTORS = 20;
/** Longest emoji, in UTF-16 code units: a family with skin tones has 30. */
const MAX_EMOJI_LENGTH = 48;

/** A pictograph, a flag or a keycap, which is what makes a sequence of emoji characters an emoji. */
const VISIBLE = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3/u;
const ONLY_EMOJI_CHARACTERS = /^(?:\p{Emoji}|\p{Emoji_Component}|\u20E3)+$/u;

/** One emoji, of any version of Unicode that the server knows. */
export const Emoji = z
  .string()
  .min(1)
  .max(MAX_EMOJI_LENGTH)
  .refine(isEmoji, 'must be one emoji')
  .meta({ id: 'Emoji' });

export const Reaction = z
  .object({
    emoji: z.string(),
    count: z.int().min(1),
    userIds: z
      .array(UserId)
      .max(MAX_LISTED_REACTORS)
      .describe('Users who reacted, earliest first; at most 20 of `count`.'),
    mine: z
      .boolean()
      .optional()
      .describe('Whether the caller reacted; absent in events, which all members receive.'),
  })
  .meta({ id: 'Reaction' });
export type Reaction = z.infer<typeof Reaction>;

function isEmoji(text: string): boolean {
  // Checks run even if an earlier one has failed.
  if (text.length > MAX_EMOJI_LENGTH) return false;
  if (!ONLY_EMOJI_CHARACTERS.test(text) || !VISIBLE.test(text)) return false;
  return [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].length === 1;
}
