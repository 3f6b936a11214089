import { ChatError } from '@chat/client';

/** What to tell a person about a failure. */
export function explain(error: unknown): string {
  if (!(error instanceof ChatError)) return 'Something went wrong. Please try again.';
  switch (error.code) {
    case 'NETWORK':
    case 'TIMEOUT':
      return 'The server cannot be reached. Check your connection and try again.';
    case 'RATE_LIMITED':
      return 'That was too much at once. Wait a moment and try again.';
    default:
      return error.message;
  }
}
