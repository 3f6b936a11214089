import { MESSAGE_CREATE, type MessageCreate } from '@chat/contracts';
import { UnavailableError } from '@chat/platform';
import { MessagePublisher } from '@chat/realtime';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { lastValueFrom } from 'rxjs';
import { PartitionedRmqClient, type PublisherOptions } from './partitioned-rmq-client.ts';

/** The bus between processes: an event is durable once RabbitMQ has confirmed it. */
@Injectable()
export class RabbitMqMessagePublisher extends MessagePublisher implements OnApplicationShutdown {
  readonly #client: PartitionedRmqClient;

  constructor(options: PublisherOptions) {
    super();
    this.#client = new PartitionedRmqClient(options);
  }

  /** Events that the broker has not confirmed yet. */
  get inFlight(): number {
    return this.#client.inFlight;
  }

  override async publish(event: MessageCreate): Promise<string> {
    await lastValueFrom(this.#client.emit<void, MessageCreate>(MESSAGE_CREATE, event), {
      defaultValue: undefined,
    });
    return event.id;
  }

  /** For health: resolves when events can be published now. */
  check(): Promise<void> {
    if (this.#client.ready) return Promise.resolve();
    return Promise.reject(new UnavailableError('RabbitMQ takes no messages now.', 1_000));
  }

  /** Waits for the confirms that are out, and disconnects. */
  onApplicationShutdown(): Promise<void> {
    return this.#client.close();
  }
}
