import { ReadPositions, type LastSent } from '@chat/rooms';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { isUpdate, type LogEntry } from '../log/log-entry.ts';
import type { StoredMessage } from '../log/stored-message.ts';

/** Time between two writes of positions. */
const INTERVAL_MS = 1_000;
/** Maximum number of senders that wait for a write; a sender in two rooms counts twice. */
const MAX_WAITING = 10_000;

/** Messages of a room since the last write. */
interface RoomSends {
  headSeq: number;
  /** The last message of each sender, by user id; without its text, which may be large. */
  readonly last: Map<string, Pick<StoredMessage, 'id' | 'seq'>>;
}

/**
 * Moves the read positions of senders to their messages: at most once per second for all messages
 * that were stored in the meantime, so that a message causes no write of its own. A crash, a failed
 * write, or too many senders can leave a position behind: the user reads past it later.
 */
@Injectable()
export class SenderPositions implements OnApplicationShutdown {
  readonly #logger = new Logger(SenderPositions.name);
  #rooms = new Map<string, RoomSends>();
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #stopped = false;

  constructor(private readonly positions: ReadPositions) {}

  /** Adds the entries of a stored batch. */
  add(entries: readonly LogEntry[]): void {
    if (this.#stopped) return;
    for (const entry of entries) if (!isUpdate(entry)) this.#add(entry);
    if (this.#waiting > 0) this.#timer ??= setTimeout(() => this.#write(), INTERVAL_MS).unref();
  }

  /** Writes what waits, before the store is closed. */
  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
    this.#write();
    await this.#writing;
  }

  #add({ id, roomId, userId, seq }: StoredMessage): void {
    const room = this.#rooms.get(roomId);
    if (room) room.headSeq = seq;
    if (!room?.last.has(userId)) {
      if (this.#waiting >= MAX_WAITING) return;
      this.#waiting += 1;
    }
    if (room) room.last.set(userId, { id, seq });
    else this.#rooms.set(roomId, { headSeq: seq, last: new Map([[userId, { id, seq }]]) });
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing || this.#waiting === 0) return;
    const sent = lastSentIn(this.#rooms);
    this.#rooms = new Map();
    this.#waiting = 0;
    this.#writing = this.positions
      .markSent(sent)
      .catch((error: unknown) => {
        this.#logger.warn({ err: error, positions: sent.length }, 'read positions of senders lost');
      })
      .then(() => {
        this.#writing = undefined;
        this.add([]);
      });
  }
}

function lastSentIn(rooms: ReadonlyMap<string, RoomSends>): LastSent[] {
  return [...rooms].flatMap(([roomId, { headSeq, last }]) =>
    [...last].map(([userId, { id, seq }]) => ({ roomId, userId, seq, messageId: id, headSeq })),
  );
}
