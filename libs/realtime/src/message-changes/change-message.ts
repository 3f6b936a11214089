import { randomUUID } from 'node:crypto';
import type { Identity } from '@chat/auth';
import {
  commandIdOf,
  type CommandKind,
  type CommandPayload,
  type MessageCommand,
} from '@chat/messages/commands';
import { DeletedMessageError, type RequestedCommand, type RequestedReaction } from '@chat/messages';
import { NotFoundError } from '@chat/platform/failures';
import { Injectable, Logger } from '@nestjs/common';
import { MessagePublisher } from '../message-publisher.ts';
import { RoomDirectory } from '../room-directory.ts';
import { RecentSends } from '../sends/recent-sends.ts';
import { SendAdmission } from '../sends/send-admission.ts';
import type { SendOrder } from '../sends/send-order.ts';

/** A change that a user requests. */
export type RequestedChange = {
  [Kind in CommandKind]: {
    readonly kind: Kind;
    readonly roomId: string;
    readonly payload: CommandPayload<Kind>;
    readonly clientMessageId: string | undefined;
  };
}[CommandKind];

/** Accepts edits, deletions and reactions: checks whether the user may, then publishes. */
@Injectable()
export class ChangeMessage {
  readonly #logger = new Logger(ChangeMessage.name);

  constructor(
    private readonly admission: SendAdmission,
    private readonly directory: RoomDirectory,
    private readonly recentSends: RecentSends,
    private readonly publisher: MessagePublisher,
  ) {}

  /**
   * Publishes a command; resolves once it is durable.
   *
   * @param order orders the sends and changes of the same socket in the same room
   * @param joined settles when an earlier join of the room by the same socket has been acknowledged
   * @throws RateLimitedError, NotFoundError, ForbiddenError, ConflictError, UnavailableError
   */
  async change(
    actor: Identity,
    requested: RequestedChange,
    order: SendOrder,
    joined: Promise<unknown> | undefined,
  ): Promise<void> {
    const { userId, username } = actor;
    const { clientMessageId = randomUUID(), ...change } = requested;
    const { roomId, kind } = change;
    await order.run(async () => {
      await this.admission.admit(actor, roomId, joined);
      const { messageId } = change.payload;
      const reaction = reactionOf(requested);
      await this.#requireAllowed({ userId, roomId, messageId, kind, reaction });
      const command: MessageCommand = {
        v: 1,
        opId: commandIdOf({ ...change, userId, clientMessageId }),
        actor: { userId, username },
        clientMessageId,
        acceptedAt: new Date().toISOString(),
        ...change,
      };
      if (kind === 'message.delete') this.recentSends.delete(messageId);
      this.#logger.debug({ opId: command.opId, roomId, kind }, 'command accepted');
      return { outcome: this.publisher.publishCommand(command) };
    });
  }

  /** Allows the change of a message that the user sent a moment ago: it may not be stored yet. */
  async #requireAllowed(command: RequestedCommand): Promise<void> {
    try {
      await this.directory.requireAllowed(command);
    } catch (error) {
      const mayNotBeStored =
        error instanceof NotFoundError && !(error instanceof DeletedMessageError);
      if (!mayNotBeStored || !this.recentSends.has(command)) throw error;
    }
  }
}

function reactionOf(change: RequestedChange): RequestedReaction | undefined {
  if (change.kind !== 'reaction.set') return undefined;
  const { emoji, on } = change.payload;
  return { emoji, on };
}
