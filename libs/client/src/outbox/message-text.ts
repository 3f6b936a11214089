import { MAX_TEXT_LENGTH, type Message } from '@chat/contracts';
import { ChatError } from '../chat-error.ts';

/**
 * Returns the text as the server stores it: received messages are also matched by their text.
 * @throws ChatError VALIDATION when it is empty or too long
 */
export function normalizeText(text: string): string {
  const trimmed = text.trim().toWellFormed();
  if (trimmed === '') throw new ChatError('VALIDATION', 'Enter a message.');
  if (trimmed.length > MAX_TEXT_LENGTH) {
    throw new ChatError(
      'VALIDATION',
      `Messages can have up to ${MAX_TEXT_LENGTH} characters; this one has ${trimmed.length}.`,
    );
  }
  return trimmed;
}

/** Whether a message has the text with which it was sent: it was neither edited nor deleted. */
export function hasOriginalText({
  editedAt,
  deletedAt,
}: Pick<Message, 'editedAt' | 'deletedAt'>): boolean {
  return editedAt === undefined && deletedAt === undefined;
}
