import type { FeedPublisher, RoomChange } from '@chat/messages';
import { Injectable, Logger } from '@nestjs/common';
import type { FeedListener, FeedSubscriber } from './feed-subscriber.ts';

/** Feed within one process: delivers synchronously and without loss. */
@Injectable()
export class InMemoryFeed implements FeedPublisher, FeedSubscriber {
  readonly #logger = new Logger(InMemoryFeed.name);
  readonly #listeners = new Map<string, Set<FeedListener>>();

  publish(roomId: string, changes: readonly RoomChange[]): void {
    for (const listener of this.#listeners.get(roomId) ?? []) {
      try {
        listener(changes);
      } catch (error) {
        this.#logger.error({ err: error, roomId }, 'feed listener failed');
      }
    }
  }

  subscribe(roomId: string, listener: FeedListener): Promise<() => void> {
    const listeners = this.#listeners.get(roomId) ?? new Set();
    this.#listeners.set(roomId, listeners.add(listener));
    return Promise.resolve(() => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(roomId) === listeners) {
        this.#listeners.delete(roomId);
      }
    });
  }

  onGap(): () => void {
    return () => undefined;
  }
}
