import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

/** How long an accepted message counts as recent. */
const RECENT_MS = 60_000;
const MAX_MESSAGES = 10_000;

interface SentMessage {
  readonly messageId: string;
  readonly roomId: string;
  readonly userId: string;
}

interface RecentSend extends SentMessage {
  /** Id of the socket that sent it. */
  readonly socketId: string;
}

/**
 * Messages that this process accepted in the last minute: their authors can change them at once,
 * even if they are not stored yet.
 */
@Injectable()
export class RecentSends {
  readonly #sends = new LRUCache<string, RecentSend>({ max: MAX_MESSAGES, ttl: RECENT_MS });

  add(send: RecentSend): void {
    this.#sends.set(send.messageId, send);
  }

  /** Forgets a message that was deleted. */
  delete(messageId: string): void {
    this.#sends.delete(messageId);
  }

  /** Whether the user sent the message to the room in the last minute, through this process. */
  has({ messageId, roomId, userId }: SentMessage): boolean {
    const send = this.#sends.get(messageId);
    return send?.roomId === roomId && send.userId === userId;
  }

  /** Returns the id of the socket of this process that sent the message in the last minute. */
  socketOf(messageId: string): string | undefined {
    return this.#sends.get(messageId)?.socketId;
  }
}
