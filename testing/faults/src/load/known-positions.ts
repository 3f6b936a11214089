import { ReadPosition } from '@chat/contracts';
import type { ListedRoom, Position } from '../check/observation.ts';

/**
 * Read positions as a client knows them that follows the contract: from the list of its rooms after
 * every connect, from events, from its acknowledgements and from its own messages.
 */
export class KnownPositions {
  readonly #positions = new Map<string, Position>();
  #changes = 0;

  get(roomId: string): Position | undefined {
    return this.#positions.get(roomId);
  }

  set(roomId: string, position: Position): void {
    this.#positions.set(roomId, position);
    this.#changes += 1;
  }

  /** Applies a `readPosition` event; the checks report an invalid one. */
  receive(payload: unknown): void {
    const { data } = ReadPosition.safeParse(payload);
    if (data) this.set(data.roomId, { lastReadSeq: data.lastReadSeq, unread: data.unread });
  }

  /** Applies a new message: an own one marks the room as read up to it. */
  applyMessage(roomId: string, seq: number, isOwn: boolean): void {
    const known = this.#positions.get(roomId);
    if (!known) return;
    const head = Math.max(seq, known.lastReadSeq + known.unread);
    const lastReadSeq = isOwn ? Math.max(seq, known.lastReadSeq) : known.lastReadSeq;
    this.set(roomId, { lastReadSeq, unread: head - lastReadSeq });
  }

  /**
   * Replaces all positions by those in the list of the rooms. A list that overlaps with another
   * change may be older than it, and is requested again.
   *
   * @param list returns the list; undefined to end the refresh
   */
  async refresh(list: () => Promise<readonly ListedRoom[] | undefined>): Promise<void> {
    for (;;) {
      const changes = this.#changes;
      const rooms = await list();
      if (!rooms) return;
      if (changes !== this.#changes) continue;
      for (const { roomId, lastReadSeq, unread } of rooms) {
        if (lastReadSeq === undefined || unread === undefined) this.#positions.delete(roomId);
        else this.#positions.set(roomId, { lastReadSeq, unread });
      }
      return;
    }
  }
}
