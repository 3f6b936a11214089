import type { PartitionWriter } from './partition-writer.ts';

/**
 * A persistence event as a broker hands it over, and what becomes of it:
 * exactly one of the three calls ends it.
 */
export abstract class EventDelivery {
  /** The writer of the event's partition, as old as the channel that the event came through. */
  abstract readonly writer: PartitionWriter;
  /** It is durable, and not delivered again. */
  abstract acknowledge(): void;
  /**
   * It can never be stored: it goes to the dead letters, and the next one comes.
   *
   * @param reason one readable sentence without anything of the event's content
   */
  abstract reject(reason: string): void;
  /**
   * It cannot be stored here and now: its partition is handed over, and whoever
   * takes over is given this event and all that follow, in order.
   */
  abstract giveUp(cause: unknown): void;
}
