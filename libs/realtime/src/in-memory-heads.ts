import type { HeadPublisher, PublishedHead } from '@chat/messages';
import { Injectable, Logger } from '@nestjs/common';
import type { HeadListener, HeadSubscriber } from './head-subscriber.ts';

/** Heads within one process: delivers synchronously and without loss. */
@Injectable()
export class InMemoryHeads implements HeadPublisher, HeadSubscriber {
  readonly #logger = new Logger(InMemoryHeads.name);
  readonly #listeners = new Set<HeadListener>();

  publish(heads: readonly PublishedHead[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(heads);
      } catch (error) {
        this.#logger.error({ err: error }, 'head listener failed');
      }
    }
  }

  subscribe(listener: HeadListener): () => void {
    // A separate wrapper, so that the same function may subscribe twice.
    const entry: HeadListener = (heads) => listener(heads);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  onGap(): () => void {
    return () => undefined;
  }
}
