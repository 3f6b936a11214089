import type { ChangeKind, ChatError } from '@chat/client';
import { toUserMessage } from '../ui/user-message.ts';

const FAILED: Record<ChangeKind, string> = {
  editMessage: 'Your edit wasn’t saved.',
  deleteMessage: 'The message wasn’t deleted.',
  react: 'Your reaction wasn’t saved.',
};

const FORBIDDEN: Record<ChangeKind, string> = {
  editMessage: 'This message can no longer be edited.',
  deleteMessage: 'You can’t delete this message.',
  react: 'You can’t react in this room.',
};

/** Explains to the user that a change was rejected, and why. */
export function rejectionText(kind: ChangeKind, error: ChatError): string {
  return `${FAILED[kind]} ${reason(kind, error)}`;
}

function reason(kind: ChangeKind, error: ChatError): string {
  switch (error.code) {
    case 'FORBIDDEN':
      return FORBIDDEN[kind];
    case 'NOT_FOUND':
      return 'The message was deleted, or you’re no longer a member of its room.';
    default:
      return toUserMessage(error);
  }
}
