import type { Message, MessageDelta } from '@chat/contracts';
import type { ChangeKind, Command } from '../outbox/outbox-command.ts';
import { applyDelta } from './apply-delta.ts';

/** A change by the user that the messages may not include yet. */
export type PendingChange = Command<ChangeKind> & {
  /** ISO date-time by the local clock. */
  readonly createdAt: string;
};

/**
 * Returns the messages as they will be once the changes are made, in their order. Messages without
 * a change keep their identity, and so does the array if there is no other.
 */
export function withPendingChanges(
  messages: readonly Message[],
  changes: readonly PendingChange[],
  ownUserId: string | undefined,
): readonly Message[] {
  const changesById = Map.groupBy(changes, ({ payload }) => payload.messageId);
  if (!messages.some(({ id }) => changesById.has(id))) return messages;
  return messages.map((message) =>
    (changesById.get(message.id) ?? []).reduce(
      (changed, change) =>
        includesChange(changed, change)
          ? changed
          : applyDelta(changed, deltaOf(change, ownUserId), ownUserId),
      message,
    ),
  );
}

/** Whether a change has no effect on a message: it was made already, or the message is deleted. */
export function includesChange(message: Message, { kind, payload }: Command<ChangeKind>): boolean {
  if (message.deletedAt !== undefined) return true;
  switch (kind) {
    case 'editMessage':
      return message.text === payload.text;
    case 'deleteMessage':
      return false;
    case 'react': {
      const reaction = message.reactions?.find(({ emoji }) => emoji === payload.emoji);
      return (reaction?.mine ?? false) === payload.on;
    }
  }
}

function deltaOf(
  { kind, payload, createdAt }: PendingChange,
  ownUserId: string | undefined,
): MessageDelta {
  switch (kind) {
    case 'editMessage':
      return { kind: 'edited', text: payload.text, editedAt: createdAt };
    case 'deleteMessage':
      return { kind: 'deleted', deletedAt: createdAt };
    case 'react':
      return { kind: 'reacted', emoji: payload.emoji, userId: ownUserId ?? '', on: payload.on };
  }
}
