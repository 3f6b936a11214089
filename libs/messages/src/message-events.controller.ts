import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { z } from 'zod';
import { MESSAGE_COMMAND, MessageCommand } from './commands/message-command.ts';
import { MESSAGE_CREATE, MessageCreate } from './commands/message-create.ts';
import type { Command } from './commands/command.ts';
import { RejectedMessageError } from './message-store.ts';
import { DeletedRoomError } from './writer/deleted-rooms.ts';
import { EventDelivery } from './writer/event-delivery.ts';

/** Stores the commands that an edge has accepted. */
@Controller()
export class MessageEventsController {
  @EventPattern<typeof MESSAGE_CREATE>(MESSAGE_CREATE)
  create(@Payload() payload: unknown, @Ctx() delivery: EventDelivery): Promise<void> {
    return store(MESSAGE_CREATE, MessageCreate, payload, delivery);
  }

  @EventPattern<typeof MESSAGE_COMMAND>(MESSAGE_COMMAND)
  change(@Payload() payload: unknown, @Ctx() delivery: EventDelivery): Promise<void> {
    return store(MESSAGE_COMMAND, MessageCommand, payload, delivery);
  }
}

async function store(
  pattern: string,
  schema: z.ZodType<Command>,
  payload: unknown,
  delivery: EventDelivery,
): Promise<void> {
  const command = schema.safeParse(payload);
  if (!command.success) {
    const fields = command.error.issues.map(({ path }) => path.join('.') || 'the event');
    return delivery.reject(`Invalid ${pattern} event; invalid fields: ${fields.join(', ')}.`);
  }
  try {
    await delivery.writer.write(command.data);
    delivery.acknowledge();
  } catch (error) {
    if (error instanceof DeletedRoomError) return delivery.reject('Its room was deleted.');
    if (error instanceof RejectedMessageError) {
      return delivery.reject(`Rejected by the store: ${error.reason}.`);
    }
    delivery.giveUp(error);
  }
}
