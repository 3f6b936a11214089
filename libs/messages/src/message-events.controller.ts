import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { MESSAGE_CREATE, MessageCreate } from './message-create/message-create.ts';
import { RejectedMessageError } from './message-store.ts';
import { DeletedRoomError } from './writer/deleted-rooms.ts';
import { EventDelivery } from './writer/event-delivery.ts';

/** Stores messages that an edge has accepted. */
@Controller()
export class MessageEventsController {
  @EventPattern<typeof MESSAGE_CREATE>(MESSAGE_CREATE)
  async create(@Payload() payload: unknown, @Ctx() delivery: EventDelivery): Promise<void> {
    const event = MessageCreate.safeParse(payload);
    if (!event.success) {
      const fields = event.error.issues.map(({ path }) => path.join('.') || 'the event');
      return delivery.reject(
        `Invalid ${MESSAGE_CREATE} event; invalid fields: ${fields.join(', ')}.`,
      );
    }
    try {
      await delivery.writer.write(event.data);
      delivery.acknowledge();
    } catch (error) {
      if (error instanceof DeletedRoomError) return delivery.reject('Its room was deleted.');
      if (error instanceof RejectedMessageError) {
        return delivery.reject(`Rejected by the store: ${error.reason}.`);
      }
      delivery.giveUp(error);
    }
  }
}
