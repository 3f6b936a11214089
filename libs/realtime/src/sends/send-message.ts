import { randomUUID } from 'node:crypto';
import type { SendMessagePayload, SendMessageResult } from '@chat/contracts';
import { messageIdOf, type MessageCreate } from '@chat/messages/message-create';
import type { Identity } from '@chat/auth';
import { NotFoundError, RateLimitedError } from '@chat/platform/failures';
import { RateLimiter } from '@chat/platform/limits';
import { Injectable, Logger } from '@nestjs/common';
import { MessagePublisher } from '../message-publisher.ts';
import { RealtimeSettings } from '../realtime-settings.ts';
import { Memberships } from '../rooms/memberships.ts';
import type { SendOrder } from './send-order.ts';

/** Accepts messages: checks the rate limit and the membership of the sender, then publishes. */
@Injectable()
export class SendMessage {
  readonly #logger = new Logger(SendMessage.name);

  constructor(
    private readonly settings: RealtimeSettings,
    private readonly limiter: RateLimiter,
    private readonly memberships: Memberships,
    private readonly publisher: MessagePublisher,
  ) {}

  /**
   * Publishes a message; resolves once it is durable.
   *
   * @param order orders the sends of the same socket to the same room
   * @param joined settles when an earlier join of the room by the same socket has been acknowledged
   * @throws RateLimitedError, NotFoundError, UnavailableError
   */
  async send(
    sender: Identity,
    { roomId, text, clientMessageId = randomUUID() }: SendMessagePayload,
    order: SendOrder,
    joined: Promise<unknown> | undefined,
  ): Promise<SendMessageResult> {
    const content = { userId: sender.userId, roomId, clientMessageId, text: text.toWellFormed() };
    const id = await order.run(async () => {
      await this.#checkRate(sender);
      await joined;
      await this.#requireMember(sender, roomId);
      const event: MessageCreate = {
        ...content,
        id: messageIdOf(content),
        username: sender.username,
        timestamp: new Date().toISOString(),
      };
      this.#logger.debug({ messageId: event.id, roomId }, 'message accepted');
      return { outcome: this.publisher.publish(event) };
    });
    this.#logger.debug({ messageId: id, roomId }, 'message acknowledged');
    return { id, clientMessageId };
  }

  async #checkRate({ userId }: Identity): Promise<void> {
    const waitMs = await this.limiter.take(`send:${userId}`, this.settings.sendLimit);
    if (waitMs > 0) {
      throw new RateLimitedError('You are sending too fast. Please slow down.', waitMs);
    }
  }

  async #requireMember({ userId }: Identity, roomId: string): Promise<void> {
    const role = await this.memberships.roleOf(userId, roomId);
    if (!role) throw new NotFoundError('This room does not exist, or you are not a member.');
  }
}
