import type { RoomHead } from '@chat/contracts';
import { Injectable } from '@nestjs/common';
import { HeadPublisher, type PublishedHead } from '../head-publisher.ts';
import type { RoomChange } from '../log/room-change.ts';
import { toMessage } from '../log/stored-message.ts';

/** Minimum time between two heads of a room. Milliseconds. */
const ROOM_INTERVAL_MS = 1_000;
/** Longest wait of the first head of a room: all heads until then are published together. */
const PUBLISH_INTERVAL_MS = 50;
/** Maximum number of waiting heads; beyond this all are published, whatever their room's interval. */
const MAX_WAITING = 2_000;

/**
 * Publishes the head of a room after its last message is new or has changed: at most one per room
 * and second, with the latest state. Other changes of a room concern only the sockets that have
 * joined it, which receive all of them.
 */
@Injectable()
export class RoomHeads {
  readonly #waiting = new Map<string, PublishedHead>();
  /** When the latest head of a room was published, by `performance.now()`; the earliest first. */
  readonly #publishedAt = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly publisher: HeadPublisher) {}

  /**
   * Schedules the publication of a head.
   *
   * @param changes the latest changes of the room, in rev order
   */
  update(head: RoomHead, changes: readonly RoomChange[]): void {
    const last = changes.findLast(({ message }) => message?.seq === head.seq)?.message;
    if (!last) return;
    this.#waiting.set(head.roomId, { ...head, lastMessage: toMessage(last) });
    if (this.#waiting.size >= MAX_WAITING) this.flush();
    this.#schedule();
  }

  /** Publishes all waiting heads; a writer that closes calls it. */
  flush(): void {
    this.#publish([...this.#waiting.values()]);
  }

  #schedule(): void {
    if (this.#waiting.size === 0 || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#publishDue();
      this.#schedule();
    }, PUBLISH_INTERVAL_MS).unref();
  }

  #publishDue(): void {
    const intervalBegin = performance.now() - ROOM_INTERVAL_MS;
    for (const [roomId, at] of this.#publishedAt) {
      if (at > intervalBegin) break;
      this.#publishedAt.delete(roomId);
    }
    const waiting = [...this.#waiting.values()];
    this.#publish(waiting.filter(({ roomId }) => !this.#publishedAt.has(roomId)));
  }

  #publish(heads: readonly PublishedHead[]): void {
    if (heads.length === 0) return;
    const now = performance.now();
    for (const { roomId } of heads) {
      this.#waiting.delete(roomId);
      // Deleted first, so that the room is appended at the end.
      this.#publishedAt.delete(roomId);
      this.#publishedAt.set(roomId, now);
    }
    this.publisher.publish(heads);
  }
}
