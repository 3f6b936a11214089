import type { Role, RoomHead } from '@chat/contracts';
import { NotFoundError } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RoomDirectory } from '../room-directory.ts';

/** An answer older than this is asked for again, and kept while nobody can answer. */
const FRESH_MS = 10_000;
const MAX_KNOWN = 100_000;

interface Known {
  readonly role: Role | undefined;
  readonly askedAt: number;
  /** Whether a signal told it; an answer may be older than what is asked meanwhile. */
  readonly bySignal: boolean;
}

/** Who may be in which room, as far as this instance has asked or been told. */
@Injectable()
export class Memberships {
  readonly #known = new LRUCache<string, Known>({ max: MAX_KNOWN });
  readonly #asking = new Map<string, Promise<Role | undefined>>();

  constructor(private readonly directory: RoomDirectory) {}

  /**
   * Makes the user a member where that is possible.
   *
   * @throws NotFoundError, also when the user was removed while the answer was on its way
   */
  async join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }> {
    const key = keyOf(userId, roomId);
    const before = this.#known.get(key);
    const answer = await this.directory.join(userId, roomId);
    const now = this.#known.get(key);
    if (now !== before && now?.bySignal && now.role === undefined) {
      throw new NotFoundError('There is no such room.');
    }
    this.#keep(key, answer.role, false);
    return answer;
  }

  /**
   * The user's role in the room, undefined for none.
   *
   * @throws what the directory throws, when it was never answered before.
   */
  async roleOf(userId: string, roomId: string): Promise<Role | undefined> {
    const key = keyOf(userId, roomId);
    const known = this.#known.get(key);
    if (known && Date.now() - known.askedAt < FRESH_MS) return known.role;
    try {
      return await (this.#asking.get(key) ?? this.#ask(key, userId, roomId));
    } catch (error) {
      if (known) return known.role;
      throw error;
    }
  }

  /** What is known without asking. */
  knownRole(userId: string, roomId: string): Role | undefined {
    return this.#known.get(keyOf(userId, roomId))?.role;
  }

  /** Keeps what a signal told; answers that are still on their way are older than it. */
  tell(userId: string, roomId: string, role: Role | undefined): void {
    this.#keep(keyOf(userId, roomId), role, true);
  }

  #keep(key: string, role: Role | undefined, bySignal: boolean): void {
    this.#asking.delete(key);
    this.#known.set(key, { role, askedAt: Date.now(), bySignal });
  }

  #ask(key: string, userId: string, roomId: string): Promise<Role | undefined> {
    const asked = this.directory.roleOf(userId, roomId).then(
      (role) => {
        if (this.#asking.get(key) !== asked) return this.#known.get(key)?.role;
        this.#keep(key, role, false);
        return role;
      },
      (error: unknown) => {
        if (this.#asking.get(key) === asked) this.#asking.delete(key);
        throw error;
      },
    );
    this.#asking.set(key, asked);
    return asked;
  }
}

function keyOf(userId: string, roomId: string): string {
  return `${userId} ${roomId}`;
}
