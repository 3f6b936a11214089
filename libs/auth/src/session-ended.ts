import { defineSignal } from '@chat/platform/signals';
import { z } from 'zod';

/** Signal that a session has ended: its tokens are invalid, and its sockets must be closed. */
export const SESSION_ENDED = defineSignal('session-ended', { sessionId: z.string() });
