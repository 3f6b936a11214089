import { ChatError } from '@chat/client';

/** Converts an error to the message that is shown to the user. */
export function toUserMessage(error: unknown): string {
  if (!(error instanceof ChatError)) return 'Something went wrong. Please try again.';
  switch (error.code) {
    case 'NETWORK':
    case 'TIMEOUT':
      return 'Can’t reach the server. Check your connection and try again.';
    case 'RATE_LIMITED':
      return 'Too many requests. Wait a moment and try again.';
    default:
      return error.message;
  }
}
