import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

/** How long an accepted message counts as recent. */
const RECENT_MS = 60_000;
const MAX_MESSAGES = 10_000;

/**
 * Messages that this process accepted in the last minute: their authors can change them at once,
 * even if they are not stored yet.
 */
@Injectable()
export class RecentSends {
  readonly #senders = new LRUCache<string, string>({ max: MAX_MESSAGES, ttl: RECENT_MS });

  add(messageId: string, userId: string): void {
    this.#senders.set(messageId, userId);
  }

  /** Forgets a message that was deleted. */
  delete(messageId: string): void {
    this.#senders.delete(messageId);
  }

  /** Whether the user sent the message in the last minute, through this process. */
  has(messageId: string, userId: string): boolean {
    return this.#senders.get(messageId) === userId;
  }
}
