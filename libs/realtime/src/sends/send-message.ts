import { randomUUID } from 'node:crypto';
import type { SendMessagePayload, SendMessageResult } from '@chat/contracts';
import { messageIdOf, type MessageCreate } from '@chat/messages/commands';
import { Injectable, Logger } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { MessagePublisher } from '../message-publisher.ts';
import { RecentSends } from './recent-sends.ts';
import { SendAdmission } from './send-admission.ts';
import type { SendOrder } from './send-order.ts';

/** Accepts messages: checks the rate limit and the membership of the sender, then publishes. */
@Injectable()
export class SendMessage {
  readonly #logger = new Logger(SendMessage.name);

  constructor(
    private readonly admission: SendAdmission,
    private readonly publisher: MessagePublisher,
    private readonly recentSends: RecentSends,
  ) {}

  /**
   * Publishes a message; resolves once it is durable.
   *
   * @param order orders the sends of the same socket to the same room
   * @param joined settles when an earlier join of the room by the same socket has been acknowledged
   * @throws RateLimitedError, NotFoundError, UnavailableError
   */
  async send(
    socket: ChatSocket,
    { roomId, text, clientMessageId = randomUUID() }: SendMessagePayload,
    order: SendOrder,
    joined: Promise<unknown> | undefined,
  ): Promise<SendMessageResult> {
    const sender = socket.data.identity;
    const content = { userId: sender.userId, roomId, clientMessageId, text: text.toWellFormed() };
    const id = await order.run(async () => {
      await this.admission.admit(sender, roomId, joined);
      const event: MessageCreate = {
        ...content,
        id: messageIdOf(content),
        username: sender.username,
        timestamp: new Date().toISOString(),
      };
      const { userId } = sender;
      this.recentSends.add({ messageId: event.id, roomId, userId, socketId: socket.id });
      this.#logger.debug({ messageId: event.id, roomId }, 'message accepted');
      return { outcome: this.publisher.publish(event) };
    });
    this.#logger.debug({ messageId: id, roomId }, 'message acknowledged');
    return { id, clientMessageId };
  }
}
