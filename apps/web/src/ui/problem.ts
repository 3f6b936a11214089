import { ChatError } from '@chat/client';

/** Returns the message for the user about an error. */
export function explain(error: unknown): string {
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
