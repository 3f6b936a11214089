import type { MessageCommand, MessageCreate } from '@chat/messages/commands';
import { MessageWriter } from '@chat/messages';
import { TimeoutError, UnavailableError, withTimeout } from '@chat/platform/failures';
import { MessagePublisher } from '@chat/realtime';
import { Injectable } from '@nestjs/common';

/** Maximum number of events that wait for the store; reached by a flood or a failing disk. */
const MAX_IN_FLIGHT = 5_000;
/** Longest wait for the store before a send fails with UNAVAILABLE. */
const PUBLISH_TIMEOUT_MS = 5_000;

/** Passes events to the writer of this process; an event is durable once the store commits it. */
@Injectable()
export class InProcessMessagePublisher extends MessagePublisher {
  #inFlight = 0;

  constructor(private readonly writer: MessageWriter) {
    super();
  }

  override async publish(event: MessageCreate): Promise<string> {
    const { id } = await this.#write(() => this.writer.write(event));
    return id;
  }

  override async publishCommand(command: MessageCommand): Promise<void> {
    await this.#write(() => this.writer.write(command));
  }

  async #write<T>(write: () => Promise<T>): Promise<T> {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      throw new UnavailableError('The server is busy. Please try again.', 1_000);
    }
    this.#inFlight += 1;
    const stored = write().finally(() => (this.#inFlight -= 1));
    try {
      return await withTimeout(stored, PUBLISH_TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      throw new UnavailableError('Sending the message timed out. Please try again.', 1_000);
    }
  }
}
