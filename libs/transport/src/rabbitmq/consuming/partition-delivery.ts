import type { EventDelivery, PartitionWriter } from '@chat/messages';
import { RmqContext } from '@nestjs/microservices';
import type { ConsumeMessage } from 'amqplib';
import type { PartitionSession } from './partition-session.ts';

/** Nest's context of a delivery, which the handler acknowledges, rejects or gives up. */
export class PartitionDelivery extends RmqContext implements EventDelivery {
  #settled = false;

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

  /** Whether the delivery was acknowledged, rejected or given up. */
  get settled(): boolean {
    return this.#settled;
  }

  acknowledge(): void {
    this.#settle();
    this.session.acknowledge(this.message);
  }

  reject(reason: string): void {
    this.#settle();
    void this.session.reject(this.message, reason);
  }

  giveUp(cause: unknown): void {
    this.#settle();
    void this.session.giveUpOnStore(cause);
  }

  #settle(): void {
    if (this.#settled) throw new Error('the delivery is already settled');
    this.#settled = true;
  }
}
