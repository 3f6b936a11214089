import { ReadPosition } from '@chat/contracts';
import type { Position } from '../check/observation.ts';

/**
 * Read positions as a client knows them from events, from its acknowledgements and from messages.
 * It does not list its rooms after a connect: with every client doing so at once, the substitute
 * for MongoDB did not respond in time. A position is unknown until it moves.
 */
export class KnownPositions {
  readonly #positions = new Map<string, Position>();

  get(roomId: string): Position | undefined {
    return this.#positions.get(roomId);
  }

  set(roomId: string, position: Position): void {
    this.#positions.set(roomId, position);
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
}
