import { Module } from '@nestjs/common';
import { MessageEventsController } from './message-events.controller.ts';

/** Stores the persistence events that a broker delivers. The app connects the microservice that hands them over. */
@Module({ controllers: [MessageEventsController] })
export class MessageEventsModule {}
