import type { PartitionWriter } from './partition-writer.ts';

/**
 * A persistence event that a broker has delivered. Exactly one of the three methods
 * must be called, once, to settle it.
 */
export abstract class EventDelivery {
  /** The writer of the event's partition, opened with the channel that delivered the event. */
  abstract readonly writer: PartitionWriter;
  /** Confirms that the event is durable, so that it is not redelivered. */
  abstract acknowledge(): void;
  /**
   * Moves an event that can never be stored to the dead letters; the next event is delivered.
   *
   * @param reason one readable sentence that contains no part of the event's content
   */
  abstract reject(reason: string): void;
  /**
   * Releases the partition because the event cannot be stored now: the broker redelivers this
   * event and all that follow, in order, to the next consumer.
   */
  abstract giveUp(cause: unknown): void;
}
