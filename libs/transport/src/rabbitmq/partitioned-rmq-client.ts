import type { MessageCreate } from '@chat/contracts';
import { UnavailableError } from '@chat/platform';
import { ClientRMQ, type ReadPacket } from '@nestjs/microservices';
import type { ConfirmChannel, Message } from 'amqplib';
import { BrokerConnection, type BrokerOptions } from './broker-connection.ts';
import { SupervisedChannel, type ChannelHandlers } from './supervised-channel.ts';
import { declareTopology, EVENTS_EXCHANGE, routingKeyOfRoom } from './topology.ts';

/** Most events that wait for a confirm, including timed-out ones that may still be confirmed. */
const MAX_IN_FLIGHT = 5_000;
/** Most bytes of the events that wait for a confirm. */
const MAX_BYTES_IN_FLIGHT = 32 * 1_024 * 1_024;
/** Retry hint for a refused send. */
const RETRY_AFTER_MS = 1_000;
/** Longest wait for outstanding confirms on close. */
const DRAIN_TIMEOUT_MS = 5_000;
const UNAVAILABLE_TEXT = 'The server cannot accept messages right now. Please try again.';

export interface PublisherOptions extends BrokerOptions {
  /** Longest wait for a confirm, in milliseconds. */
  readonly publishTimeoutMs: number;
}

interface InFlight {
  /** Settles the publish: confirmed, or failed with an error. Only the first call has an effect. */
  readonly settle: (error?: Error) => void;
  /** Whether the broker returned the event because no queue is bound. */
  returned: boolean;
}

/**
 * Nest's client for RabbitMQ, which publishes an event to the partition of its room.
 * Unlike its base class it resolves when the broker has confirmed the event, and rejects
 * at once what cannot be sent now: nothing is buffered to be sent later.
 */
export class PartitionedRmqClient extends ClientRMQ {
  readonly #broker: BrokerConnection;
  readonly #supervised: SupervisedChannel;
  readonly #inFlight = new Map<string, InFlight>();
  #channel: ConfirmChannel | undefined;
  #bytesInFlight = 0;
  #lastCorrelationId = 0;
  #closing = false;
  #drained: (() => void) | undefined;

  constructor(private readonly publisher: PublisherOptions) {
    super({ urls: [publisher.url] });
    this.#broker = new BrokerConnection(publisher);
    this.client = this.#broker.manager;
    this.#supervised = new SupervisedChannel(this.#broker, this.#handlers());
    this.#supervised.start();
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Whether an event would be sent now. */
  get ready(): boolean {
    return !this.#closing && this.#channel !== undefined && !this.#broker.blocked;
  }

  /** Resolves at once: the connection is opened in the background. */
  override connect(): Promise<void> {
    return Promise.resolve();
  }

  /** Accepts nothing more, waits for outstanding confirms, and disconnects. */
  override async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#inFlight.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#drained = resolve;
      const timer = setTimeout(resolve, DRAIN_TIMEOUT_MS);
      await promise;
      clearTimeout(timer);
    }
    await this.#supervised.stop();
    await this.#broker.close();
  }

  protected override dispatchEvent(packet: ReadPacket<MessageCreate>): Promise<void> {
    const channel = this.#channel;
    if (!channel || !this.ready) return rejectUnavailable(UNAVAILABLE_TEXT);
    if (this.#inFlight.size >= MAX_IN_FLIGHT || this.#bytesInFlight >= MAX_BYTES_IN_FLIGHT) {
      return rejectUnavailable('The server is busy. Please try again.');
    }
    const { id, roomId } = packet.data;
    const content = Buffer.from(JSON.stringify(packet));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(
        new UnavailableError('Sending the message timed out. Please try again.', RETRY_AFTER_MS),
      );
    }, this.publisher.publishTimeoutMs);
    const correlationId = String((this.#lastCorrelationId += 1));
    const sent: InFlight = {
      returned: false,
      settle: (error) => {
        clearTimeout(timer);
        if (!this.#inFlight.delete(correlationId)) return;
        this.#bytesInFlight -= content.length;
        if (this.#inFlight.size === 0) this.#drained?.();
        if (error) reject(unavailable(error));
        else if (sent.returned) reject(unavailable(new Error('no queue for the partition')));
        else resolve();
      },
    };
    this.#inFlight.set(correlationId, sent);
    this.#bytesInFlight += content.length;
    try {
      channel.publish(
        EVENTS_EXCHANGE,
        routingKeyOfRoom(roomId),
        content,
        {
          persistent: true,
          mandatory: true,
          contentType: 'application/json',
          messageId: id,
          correlationId,
        },
        (error: Error | null) => sent.settle(error ?? undefined),
      );
    } catch (error) {
      sent.settle(error as Error);
    }
    return promise;
  }

  #handlers(): ChannelHandlers {
    return {
      name: 'publisher',
      onOpen: async (channel) => {
        channel.on('return', ({ properties }: Message) => {
          const sent = this.#inFlight.get(String(properties.correlationId));
          if (sent) sent.returned = true;
        });
        await declareTopology(channel);
        this.#channel = channel;
        this.#supervised.resetBackoff();
      },
      onClose: () => {
        this.#channel = undefined;
        for (const { settle } of [...this.#inFlight.values()]) {
          settle(new Error('the channel closed before the confirm'));
        }
      },
    };
  }
}

function unavailable(cause: Error): UnavailableError {
  return new UnavailableError(UNAVAILABLE_TEXT, RETRY_AFTER_MS, cause);
}

function rejectUnavailable(message: string): Promise<never> {
  return Promise.reject(new UnavailableError(message, RETRY_AFTER_MS));
}
