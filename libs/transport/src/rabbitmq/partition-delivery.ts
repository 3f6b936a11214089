import type { EventDelivery, PartitionWriter } from '@chat/messages';
import { RmqContext } from '@nestjs/microservices';
import type { ConsumeMessage } from 'amqplib';
import type { PartitionSession } from './partition-session.ts';

/** Nest's context of a delivery, with its end in the hands of the handler. */
export class PartitionDelivery extends RmqContext implements EventDelivery {
  #ended = false;

  constructor(
    private readonly message: ConsumeMessage,
    private readonly session: PartitionSession,
    pattern: string,
  ) {
    super([message, session.channel, pattern]);
  }

  get writer(): PartitionWriter {
    return this.session.writer;
  }

  /** Whether one of the three below was called. */
  get ended(): boolean {
    return this.#ended;
  }

  acknowledge(): void {
    this.#end();
    this.session.acknowledge(this.message);
  }

  reject(reason: string): void {
    this.#end();
    void this.session.reject(this.message, reason);
  }

  giveUp(cause: unknown): void {
    this.#end();
    void this.session.giveUpOnStore(cause);
  }

  #end(): void {
    if (this.#ended) throw new Error('a delivery ends once');
    this.#ended = true;
  }
}
