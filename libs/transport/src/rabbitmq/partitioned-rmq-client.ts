import type { MessageCreate } from '@chat/contracts';
import { UnavailableError } from '@chat/platform';
import { ClientRMQ, type ReadPacket } from '@nestjs/microservices';
import type { ConfirmChannel, Message } from 'amqplib';
import { BrokerConnection, type BrokerOptions } from './broker-connection.ts';
import { SupervisedChannel, type ChannelUse } from './supervised-channel.ts';
import { declareTopology, EVENTS_EXCHANGE, routingKeyOfRoom } from './topology.ts';

/** Most events that wait for a confirm, those included that were given up but may yet be confirmed. */
const MAX_IN_FLIGHT = 5_000;
/** Most bytes of them. */
const MAX_BYTES_IN_FLIGHT = 32 * 1_024 * 1_024;
/** When a refused send may be tried again, in milliseconds. */
const RETRY_AFTER_MS = 1_000;
/** Longest wait at the end for confirms that are still out. */
const DRAIN_TIMEOUT_MS = 5_000;

export interface PublisherOptions extends BrokerOptions {
  /** Longest wait for a confirm, in milliseconds. */
  readonly publishTimeoutMs: number;
}

interface InFlight {
  /** Ends the wait; without an error the broker has taken the event. Later calls change nothing. */
  readonly settle: (error?: Error) => void;
  returned: boolean;
}

/**
 * Nest's client for RabbitMQ, emitting events of rooms to the partition of the
 * room. Unlike its base class it resolves when the broker has confirmed, and
 * refuses at once what cannot be sent now: nothing is kept to be sent later.
 */
export class PartitionedRmqClient extends ClientRMQ {
  readonly #broker: BrokerConnection;
  readonly #supervised: SupervisedChannel;
  readonly #inFlight = new Map<string, InFlight>();
  #ready: ConfirmChannel | undefined;
  #bytesInFlight = 0;
  #count = 0;
  #closing = false;
  #drained: (() => void) | undefined;

  constructor(private readonly publisher: PublisherOptions) {
    super({ urls: [publisher.url] });
    this.#broker = new BrokerConnection(publisher);
    this.client = this.#broker.manager;
    this.#supervised = new SupervisedChannel(this.#broker, this.#use());
    this.#supervised.start();
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Whether an event would be sent now. */
  get ready(): boolean {
    return !this.#closing && this.#ready !== undefined && !this.#broker.blocked;
  }

  /** The connection is made in the background: nobody waits for it. */
  override connect(): Promise<void> {
    return Promise.resolve();
  }

  /** Sends nothing more, waits for the confirms that are out, and disconnects. */
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
    const channel = this.#ready;
    if (!channel || !this.ready) return refused('The server cannot take messages now.');
    if (this.#inFlight.size >= MAX_IN_FLIGHT || this.#bytesInFlight >= MAX_BYTES_IN_FLIGHT) {
      return refused('Too many messages wait to be taken.');
    }
    const { id, roomId } = packet.data;
    const content = Buffer.from(JSON.stringify(packet));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(new UnavailableError('The message was not taken in time.', RETRY_AFTER_MS));
    }, this.publisher.publishTimeoutMs);
    const number = String((this.#count += 1));
    const sent: InFlight = {
      returned: false,
      settle: (error) => {
        clearTimeout(timer);
        if (!this.#inFlight.delete(number)) return;
        this.#bytesInFlight -= content.length;
        if (this.#inFlight.size === 0) this.#drained?.();
        if (error) reject(unavailable(error));
        else if (sent.returned) reject(unavailable(new Error('no queue for the partition')));
        else resolve();
      },
    };
    this.#inFlight.set(number, sent);
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
          correlationId: number,
        },
        (error: Error | null) => sent.settle(error ?? undefined),
      );
    } catch (error) {
      sent.settle(error as Error);
    }
    return promise;
  }

  #use(): ChannelUse {
    return {
      name: 'The channel of the publisher',
      opened: async (channel) => {
        channel.on('return', ({ properties }: Message) => {
          const sent = this.#inFlight.get(String(properties.correlationId));
          if (sent) sent.returned = true;
        });
        await declareTopology(channel);
        this.#ready = channel;
        this.#supervised.succeeded();
      },
      closed: () => {
        this.#ready = undefined;
        for (const { settle } of [...this.#inFlight.values()]) {
          settle(new Error('the channel closed before the confirm'));
        }
      },
    };
  }
}

function unavailable(cause: Error): UnavailableError {
  return new UnavailableError('The server cannot take messages now.', RETRY_AFTER_MS, cause);
}

function refused(message: string): Promise<never> {
  return Promise.reject(new UnavailableError(message, RETRY_AFTER_MS));
}
