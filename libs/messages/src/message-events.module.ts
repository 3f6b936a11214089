import { Module } from '@nestjs/common';
import { MessageEventsController } from './message-events.controller.ts';

/** Stores the events of a broker. The app connects the microservice that consumes them. */
@Module({ controllers: [MessageEventsController] })
export class MessageEventsModule {}
