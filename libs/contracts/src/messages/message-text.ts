import { z } from 'zod';

/** Maximum length of a message text, in characters (UTF-16 code units) after trimming. */
export const MAX_TEXT_LENGTH = 4_000;

export const MessageText = z
  .string()
  .trim()
  .min(1)
  .max(MAX_TEXT_LENGTH)
  .refine((text) => !text.includes('\0'), 'must not contain the NUL character');
