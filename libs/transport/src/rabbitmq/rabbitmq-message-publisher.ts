import {
  MESSAGE_COMMAND,
  MESSAGE_CREATE,
  type MessageCommand,
  type MessageCreate,
} from '@chat/messages/commands';
import { UnavailableError } from '@chat/platform/failures';
import { MessagePublisher } from '@chat/realtime';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { lastValueFrom } from 'rxjs';
import {
  PartitionedRmqClient,
  type PublisherOptions,
} from './publishing/partitioned-rmq-client.ts';

/** Publishes events through RabbitMQ: an event is durable once the broker has confirmed it. */
@Injectable()
export class RabbitMqMessagePublisher extends MessagePublisher implements OnApplicationShutdown {
  readonly #client: PartitionedRmqClient;

  constructor(options: PublisherOptions) {
    super();
    this.#client = new PartitionedRmqClient(options);
  }

  /** Number of events that the broker has not confirmed yet. */
  get inFlight(): number {
    return this.#client.inFlight;
  }

  override async publish(event: MessageCreate): Promise<string> {
    await lastValueFrom(this.#client.emit<void, MessageCreate>(MESSAGE_CREATE, event), {
      defaultValue: undefined,
    });
    return event.id;
  }

  override async publishCommand(command: MessageCommand): Promise<void> {
    await lastValueFrom(this.#client.emit<void, MessageCommand>(MESSAGE_COMMAND, command), {
      defaultValue: undefined,
    });
  }

  /** Health check: resolves when events can be published now. */
  check(): Promise<void> {
    if (this.#client.ready) return Promise.resolve();
    return Promise.reject(
      new UnavailableError('RabbitMQ is not accepting messages right now.', 1_000),
    );
  }

  /** Waits for the outstanding confirms, and disconnects. */
  onApplicationShutdown(): Promise<void> {
    return this.#client.close();
  }
}
