import { MAX_REACTION_EMOJI } from '@chat/contracts';
import {
  ConflictError,
  ForbiddenError,
  NotFoundError,
  UnavailableError,
} from '@chat/platform/failures';
import { requireAllowed, RoomAccess } from '@chat/rooms';
import { Injectable } from '@nestjs/common';
import { CommandConsumers } from './command-consumers.ts';
import type { CommandKind } from './commands/message-command.ts';
import { isUpdate } from './log/log-entry.ts';
import { hasReacted, limitExceededBy, MAX_REACTIONS } from './log/state-after.ts';
import type { StoredMessage } from './log/stored-message.ts';
import { MessageSettings } from './message-settings.ts';
import { MessageStore } from './message-store.ts';

/** Short, because an instance that has just started knows the other consumers a moment later. */
const RETRY_AFTER_MS = 1_000;
const NO_SUCH_MESSAGE = 'Message not found.';
const LIMIT_REFUSALS = {
  reactions: `A message can have at most ${MAX_REACTIONS.toLocaleString('en')} reactions.`,
  emoji: `A message can have at most ${MAX_REACTION_EMOJI} different emoji.`,
};

/** The message existed and was deleted; to the caller the same as a missing one. */
export class DeletedMessageError extends NotFoundError {
  constructor() {
    super(NO_SUCH_MESSAGE);
  }
}

/** A reaction that a user wants to set or remove. */
export interface RequestedReaction {
  readonly emoji: string;
  readonly on: boolean;
}

/** A command before it is accepted. */
export interface RequestedCommand {
  readonly userId: string;
  readonly roomId: string;
  readonly messageId: string;
  readonly kind: CommandKind;
  /** Present for `reaction.set`, unless an earlier version of the `chat` service sent it. */
  readonly reaction?: RequestedReaction | undefined;
}

/** Decides whether a user may change a message. */
@Injectable()
export class CommandAccess {
  constructor(
    private readonly store: MessageStore,
    private readonly access: RoomAccess,
    private readonly settings: MessageSettings,
    private readonly consumers: CommandConsumers,
  ) {}

  /**
   * Does nothing if the user may change the message.
   *
   * @throws NotFoundError for a room or message that does not exist, or that the user may not read
   * @throws DeletedMessageError; deleting a message again is allowed
   * @throws ForbiddenError
   * @throws ConflictError for a reaction beyond the limits of a message
   * @throws UnavailableError during an upgrade, while a consumer does not support such commands
   */
  async requireAllowed(command: RequestedCommand): Promise<void> {
    const { userId, roomId, messageId, kind, reaction } = command;
    if (!this.consumers.ready) {
      throw new UnavailableError('The server is being updated. Please try again.', RETRY_AFTER_MS);
    }
    const { role } = await this.access.requireReadable(userId, roomId);
    const message = await this.#find(roomId, messageId);
    if (message.deletedAt !== undefined && kind !== 'message.delete') {
      throw new DeletedMessageError();
    }
    const own = message.userId === userId;
    switch (kind) {
      case 'message.edit':
        requireAllowed(role, 'editOwnMessage');
        if (!own) throw new ForbiddenError('Only the author can edit a message.');
        return this.#requireEditable(message);
      case 'message.delete':
        return requireAllowed(role, own ? 'deleteOwnMessage' : 'deleteMessageOfOthers');
      case 'reaction.set':
        requireAllowed(role, 'react');
        return requireWithinLimits(message, userId, reaction);
    }
  }

  async #find(roomId: string, messageId: string): Promise<StoredMessage> {
    const entry = (await this.store.findByIds([messageId])).get(messageId);
    if (!entry || isUpdate(entry) || entry.roomId !== roomId) throw noSuchMessage();
    return entry;
  }

  #requireEditable({ timestamp }: StoredMessage): void {
    const { editWindowMs } = this.settings;
    if (editWindowMs === 0 || Date.now() - Date.parse(timestamp) <= editWindowMs) return;
    throw new ForbiddenError('This message is too old to be edited.');
  }
}

function requireWithinLimits(
  { reactions = [] }: StoredMessage,
  userId: string,
  reaction: RequestedReaction | undefined,
): void {
  if (!reaction?.on || hasReacted(reactions, userId, reaction.emoji)) return;
  const limit = limitExceededBy(reaction.emoji, reactions);
  if (limit) throw new ConflictError(LIMIT_REFUSALS[limit]);
}

/** Returns the same error for a missing message and for one in another room. */
export function noSuchMessage(): NotFoundError {
  return new NotFoundError(NO_SUCH_MESSAGE);
}
