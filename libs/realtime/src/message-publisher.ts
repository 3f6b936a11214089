import type { MessageCreate } from '@chat/contracts';

/** The way of an accepted send to the writer. */
export abstract class MessagePublisher {
  /**
   * Resolves when the event is durable, and not before, with the id of its message
   * as far as it is known: that of the event, or the one under which it is stored.
   * Events of one room that are published one after the other are stored in that order.
   *
   * @throws UnavailableError when that cannot be said within the time limit, or
   * too much is in flight already. The event may still arrive: repeating it is harmless.
   */
  abstract publish(event: MessageCreate): Promise<string>;
}
