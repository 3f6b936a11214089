import { PARTITION_COUNT, partitionOf, type Command } from '@chat/messages/commands';
import { UnavailableError, withTimeout } from '@chat/platform/failures';
import { ClientRMQ, type ReadPacket } from '@nestjs/microservices';
import { BrokerConnection, type BrokerOptions } from '../connection/broker-connection.ts';
import { PartitionPublisher, RETRY_AFTER_MS } from './partition-publisher.ts';

/** Limits of unconfirmed events, including timed-out ones that may still be confirmed. */
const MAX_IN_FLIGHT = { events: 5_000, bytes: 32 * 1_024 * 1_024 };
/** The same limits per partition, so that a stalled one leaves capacity for the others. */
const MAX_IN_FLIGHT_PER_PARTITION = {
  events: MAX_IN_FLIGHT.events / 2,
  bytes: MAX_IN_FLIGHT.bytes / 2,
};
/** Longest wait for outstanding confirms on close. */
const DRAIN_TIMEOUT_MS = 5_000;

/** Settings of the publishing side. */
export interface PublisherOptions extends BrokerOptions {
  /** Longest wait for a confirm, in milliseconds. */
  readonly publishTimeoutMs: number;
}

/**
 * Nest's client for RabbitMQ, which publishes an event to the partition of its room.
 * Unlike its base class it resolves when the broker has confirmed the event, and rejects
 * immediately what cannot be sent now: nothing is buffered to be sent later.
 */
export class PartitionedRmqClient extends ClientRMQ {
  readonly #broker: BrokerConnection;
  readonly #partitions: readonly PartitionPublisher[];
  #closing = false;

  constructor(options: PublisherOptions) {
    super({ urls: [options.url] });
    this.#broker = new BrokerConnection(options);
    this.client = this.#broker.manager;
    this.#partitions = Array.from(
      { length: PARTITION_COUNT },
      (_, partition) => new PartitionPublisher(this.#broker, partition, options.publishTimeoutMs),
    );
  }

  /** Number of events that the broker has not confirmed yet. */
  get inFlight(): number {
    return this.#partitions.reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  /**
   * Whether events can be published now. A partition that stalls while the connection is open
   * does not count: the others still accept events.
   */
  get ready(): boolean {
    return (
      !this.#closing &&
      this.#partitions.every(({ connecting }) => !connecting) &&
      this.#partitions.some(({ ready }) => ready)
    );
  }

  /** Resolves immediately: the connection is opened in the background. */
  override connect(): Promise<void> {
    return Promise.resolve();
  }

  /** Stops accepting events, waits for outstanding confirms, and disconnects. */
  override async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const drained = Promise.all(this.#partitions.map((partition) => partition.drain()));
    await withTimeout(drained, DRAIN_TIMEOUT_MS).catch(() => undefined);
    await Promise.all(this.#partitions.map((partition) => partition.stop()));
    await this.#broker.close();
  }

  protected override dispatchEvent(packet: ReadPacket<Command>): Promise<void> {
    if (this.#closing) return busy('The server is shutting down. Please try again.');
    const { roomId } = packet.data;
    const partition = this.#partitions[partitionOf(roomId)];
    if (!partition) throw new RangeError(`room ${roomId} has no partition`);
    if (this.#isFull(partition)) return busy('The server is busy. Please try again.');
    return partition.publish(packet);
  }

  #isFull(partition: PartitionPublisher): boolean {
    const bytes = this.#partitions.reduce((sum, { bytesInFlight }) => sum + bytesInFlight, 0);
    return (
      this.inFlight >= MAX_IN_FLIGHT.events ||
      bytes >= MAX_IN_FLIGHT.bytes ||
      partition.inFlight >= MAX_IN_FLIGHT_PER_PARTITION.events ||
      partition.bytesInFlight >= MAX_IN_FLIGHT_PER_PARTITION.bytes
    );
  }
}

function busy(message: string): Promise<never> {
  return Promise.reject(new UnavailableError(message, RETRY_AFTER_MS));
}
