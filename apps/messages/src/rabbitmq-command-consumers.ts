import { CommandConsumers } from '@chat/messages';
import type { PartitionedRmqServer } from '@chat/transport/rabbitmq';
import { Injectable } from '@nestjs/common';

/** The instances of `messages`, which announce what they handle in their heartbeats. */
@Injectable()
export class RabbitMqCommandConsumers extends CommandConsumers {
  #server: PartitionedRmqServer | undefined;

  get ready(): boolean {
    return this.#server?.handlesCommands ?? false;
  }

  /** Sets the consumer of this process, which is created after the app. */
  attach(server: PartitionedRmqServer): void {
    this.#server = server;
  }
}
