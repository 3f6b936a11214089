import type { MessageCommand, MessageCreate } from '@chat/messages/commands';

/** Publishes accepted messages to the writer. */
export abstract class MessagePublisher {
  /**
   * Resolves only once the event is durable, with the id of its message as far as it is
   * known: the id in the event, or the id under which the message is stored already.
   * Events for one room that are published in sequence are stored in that order.
   *
   * @throws UnavailableError when the outcome is unknown within the time limit, or when too much
   * is in flight already. The event may still arrive: a retry is harmless.
   */
  abstract publish(event: MessageCreate): Promise<string>;
  /**
   * Resolves only once the command is durable; commands and events for one room that are published
   * in sequence are stored in that order.
   *
   * @throws UnavailableError as {@link publish}
   */
  abstract publishCommand(command: MessageCommand): Promise<void>;
}
