import type { Role, RoomHead } from '@chat/contracts';
import { KeptAnswers, NotFoundError, partsOf } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RoomDirectory, type Membership } from '../room-directory.ts';

/** How late a removal may be noticed when its signal was lost, in milliseconds. */
const FRESH_MS = 10_000;
const MAX_KNOWN = 100_000;
const MAX_DELETED = 10_000;
/** Memberships that a recheck asks for in one call. */
const RECHECKED_TOGETHER = 500;

interface Known {
  readonly role: Role | undefined;
  /** Whether a signal told it; an answer may be older than what is asked meanwhile. */
  readonly bySignal: boolean;
}

/** Who may be in which room, as far as this instance has asked or been told. */
@Injectable()
export class Memberships {
  readonly #known = new KeptAnswers<Known>({ max: MAX_KNOWN, freshMs: FRESH_MS });
  /** Rooms that a signal told to be deleted: whatever is answered later, they never come back. */
  readonly #deleted = new LRUCache<string, true>({ max: MAX_DELETED });

  constructor(private readonly directory: RoomDirectory) {}

  /**
   * Makes the user a member where that is possible.
   *
   * @throws NotFoundError, also when the user was removed, or the room deleted, while the answer
   * was on its way
   */
  async join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }> {
    const key = keyOf(userId, roomId);
    const before = this.#known.known(key);
    const answer = await this.directory.join(userId, roomId);
    const now = this.#known.known(key);
    const removed = now !== before && now?.bySignal && now.role === undefined;
    if (removed || this.#deleted.has(roomId)) {
      throw new NotFoundError('There is no such room.');
    }
    this.#known.tell(key, { role: answer.role, bySignal: false });
    return answer;
  }

  /**
   * The user's role in the room, undefined for none.
   *
   * @throws what the directory throws, when it was never answered before.
   */
  async roleOf(userId: string, roomId: string): Promise<Role | undefined> {
    if (this.#deleted.has(roomId)) return undefined;
    const { role } = await this.#known.get(keyOf(userId, roomId), async () => {
      const [asked] = await this.directory.rolesOf([{ userId, roomId }]);
      return { role: asked, bySignal: false };
    });
    return this.#deleted.has(roomId) ? undefined : role;
  }

  /**
   * Asks for all of them anew, in parts: one that nobody answers holds up none of the others, and
   * what is known of it stands.
   *
   * @param tellNone hears of those that are none, or none any more, as soon as it is known
   * @throws what the directory threw for a part, once all parts have been answered or have failed
   */
  async recheck(
    memberships: readonly Membership[],
    tellNone: (membership: Membership) => void,
  ): Promise<void> {
    const outcomes = await Promise.allSettled(
      partsOf(memberships, RECHECKED_TOGETHER).map((part) => this.#recheck(part, tellNone)),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** What is known without asking: null for no role, undefined when nothing is known, or no more. */
  knownRole(userId: string, roomId: string): Role | null | undefined {
    if (this.#deleted.has(roomId)) return null;
    const known = this.#known.known(keyOf(userId, roomId));
    return known && (known.role ?? null);
  }

  /** Keeps what a signal told; answers that are still on their way are older than it. */
  tell(userId: string, roomId: string, role: Role | undefined): void {
    this.#known.tell(keyOf(userId, roomId), { role, bySignal: true });
  }

  /** Keeps what a signal told: the room was deleted, and nobody is in it ever again. */
  tellDeleted(roomId: string): void {
    this.#deleted.set(roomId, true);
  }

  async #recheck(
    part: readonly Membership[],
    tellNone: (membership: Membership) => void,
  ): Promise<void> {
    const keys = part.map(({ userId, roomId }) => keyOf(userId, roomId));
    const known = await this.#known.refresh(keys, async () => {
      const roles = await this.directory.rolesOf(part);
      return roles.map((role) => ({ role, bySignal: false }));
    });
    part.forEach((membership, index) => {
      if (!known[index]?.role || this.#deleted.has(membership.roomId)) tellNone(membership);
    });
  }
}

function keyOf(userId: string, roomId: string): string {
  return `${userId} ${roomId}`;
}
