import { Module } from '@nestjs/common';
import { MessageEventsController } from './message-events.controller.ts';

/** Stores events from a broker. The application connects the microservice that consumes them. */
@Module({ controllers: [MessageEventsController] })
export class MessageEventsModule {}
