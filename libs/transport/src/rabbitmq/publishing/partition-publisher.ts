import { isCreate, type Command } from '@chat/messages/commands';
import { UnavailableError } from '@chat/platform/failures';
import type { ReadPacket } from '@nestjs/microservices';
import type { ChannelModel, Message } from 'amqplib';
import type { BrokerConnection } from '../connection/broker-connection.ts';
import { SupervisedChannel } from '../connection/supervised-channel.ts';
import { declarePartition, EVENTS_EXCHANGE, routingKeyOf } from '../topology.ts';

/** Retry hint for a rejected send. */
export const RETRY_AFTER_MS = 1_000;

/** An event that the broker has not confirmed yet. */
interface InFlight {
  readonly bytes: number;
  readonly timeout: NodeJS.Timeout;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** Whether the broker returned the event because no queue is bound. */
  returned: boolean;
}

/**
 * Publishes the events of one partition over a dedicated channel: a queue that confirms nothing,
 * for example because it has no leader, blocks its channel, and so delays only its own partition.
 */
export class PartitionPublisher {
  readonly #channel: SupervisedChannel;
  /** By correlation id. */
  readonly #inFlight = new Map<string, InFlight>();
  /** Connection on which a channel was last set up, or closed by itself. */
  #lastConnection: ChannelModel | undefined;
  #bytesInFlight = 0;
  #lastCorrelationId = 0;
  /** `performance.now()` of the last confirm. */
  #confirmedAt = 0;
  #drained: (() => void) | undefined;

  constructor(
    private readonly broker: BrokerConnection,
    private readonly partition: number,
    private readonly publishTimeoutMs: number,
  ) {
    this.#channel = new SupervisedChannel(broker, {
      name: `publisher of partition ${partition}`,
      setUp: async (channel) => {
        channel.on('return', ({ properties }: Message) => {
          const sent = this.#inFlight.get(String(properties.correlationId));
          if (sent) sent.returned = true;
        });
        await declarePartition(channel, partition);
      },
      onReady: () => {
        this.#lastConnection = broker.current;
        this.#channel.resetBackoff();
      },
      onClose: () => {
        this.#lastConnection = broker.current;
        for (const correlationId of [...this.#inFlight.keys()]) {
          this.#settle(correlationId, new Error('the channel closed before the confirm'));
        }
      },
    });
  }

  /** Whether events can be published now. */
  get ready(): boolean {
    return this.#channel.current !== undefined && !this.broker.blocked;
  }

  /**
   * Whether there is no connection, or the first channel on it is still being set up. A channel
   * that closes by itself affects only this partition; a lost connection affects all of them.
   */
  get connecting(): boolean {
    return this.broker.current === undefined || this.#lastConnection !== this.broker.current;
  }

  /** Number of events that the broker has not confirmed yet, including timed-out ones. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Size of the events in flight, in bytes. */
  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /**
   * Resolves once the broker has confirmed the event.
   *
   * @throws UnavailableError if the partition is not {@link ready}, has no queue, or does not
   * confirm in time; a timed-out event may still be stored
   */
  publish(packet: ReadPacket<Command>): Promise<void> {
    const channel = this.#channel.current;
    if (!channel || !this.ready) return Promise.reject(unavailable());
    const content = Buffer.from(JSON.stringify(packet));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sentAt = performance.now();
    const timeout = setTimeout(() => {
      reject(
        new UnavailableError('Sending the message timed out. Please try again.', RETRY_AFTER_MS),
      );
      this.#reopenIfStalled(sentAt);
    }, this.publishTimeoutMs);
    const correlationId = String((this.#lastCorrelationId += 1));
    const bytes = content.length;
    this.#inFlight.set(correlationId, { bytes, timeout, resolve, reject, returned: false });
    this.#bytesInFlight += bytes;
    try {
      channel.publish(
        EVENTS_EXCHANGE,
        routingKeyOf(this.partition),
        content,
        {
          persistent: true,
          mandatory: true,
          contentType: 'application/json',
          messageId: isCreate(packet.data) ? packet.data.id : packet.data.opId,
          correlationId,
        },
        (error: Error | null) => this.#settle(correlationId, error ?? undefined),
      );
    } catch (error) {
      this.#settle(correlationId, error as Error);
    }
    return promise;
  }

  /** Resolves once no event is in flight. */
  drain(): Promise<void> {
    if (this.#inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#drained = resolve));
  }

  /** Closes the channel permanently; events in flight fail. */
  stop(): Promise<void> {
    return this.#channel.stop();
  }

  /** Settles a publish as confirmed, or as failed with `error`. Only the first call counts. */
  #settle(correlationId: string, error?: Error): void {
    const sent = this.#inFlight.get(correlationId);
    if (!sent) return;
    clearTimeout(sent.timeout);
    this.#inFlight.delete(correlationId);
    this.#bytesInFlight -= sent.bytes;
    if (this.#inFlight.size === 0) this.#drained?.();
    if (error) return sent.reject(unavailable(error));
    this.#confirmedAt = performance.now();
    if (sent.returned) sent.reject(unavailable(new Error('no queue for the partition')));
    else sent.resolve();
  }

  /**
   * Reopens the channel if it has confirmed nothing since an event that timed out was sent:
   * otherwise its events would count as in flight for as long as the queue stalls.
   */
  #reopenIfStalled(sentAt: number): void {
    if (this.#confirmedAt >= sentAt || this.broker.blocked) return;
    this.#channel.reopen(new Error(`no confirm within ${this.publishTimeoutMs} ms`));
  }
}

function unavailable(cause?: Error): UnavailableError {
  return new UnavailableError(
    'The server cannot accept messages right now. Please try again.',
    RETRY_AFTER_MS,
    cause,
  );
}
