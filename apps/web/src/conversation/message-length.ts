import { MAX_TEXT_LENGTH } from '@chat/contracts';

/** The character count is shown when no more than this many characters are left. */
const SHOW_COUNT_BELOW = 400;

export interface MessageLength {
  /** Whether the text is neither empty nor too long. */
  readonly valid: boolean;
  readonly isOver: boolean;
  /** Characters left or over the limit, near the limit. */
  readonly note: string | undefined;
}

/** Compares the length of a text with the limit for messages. */
export function messageLength(text: string): MessageLength {
  const { length } = text.trim();
  const remaining = MAX_TEXT_LENGTH - length;
  return {
    valid: length > 0 && remaining >= 0,
    isOver: remaining < 0,
    note: characterCount(remaining),
  };
}

function characterCount(remaining: number): string | undefined {
  if (remaining > SHOW_COUNT_BELOW) return undefined;
  const count = Math.abs(remaining).toLocaleString();
  return remaining < 0 ? `${count} characters over the limit` : `${count} characters left`;
}
