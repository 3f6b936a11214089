import type { Role, RoomHead } from '@chat/contracts';
import { growingLruCache, KeptAnswers, NotFoundError, partsOf } from '@chat/platform';
import { Injectable } from '@nestjs/common';
import { RoomDirectory, type Membership } from '../room-directory.ts';

/** How late a removal may be noticed when its signal was lost, in milliseconds. */
const FRESH_MS = 10_000;
const MAX_KNOWN = 100_000;
const MAX_DELETED = 10_000;
/** Memberships that a recheck asks for in one call. */
const RECHECKED_TOGETHER = 500;
const RECHECKS_AT_ONCE = 2;
/** Calls of one recheck are spread over this time, in milliseconds: less than from one recheck to the next. */
const RECHECK_SPREAD_MS = 6_000;

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
  readonly #deleted = growingLruCache<true>(MAX_DELETED);

  /** Joins under way by user and room. */
  readonly #joining = new Map<string, Promise<{ role: Role; head: RoomHead }>>();

  constructor(private readonly directory: RoomDirectory) {}

  /**
   * Makes the user a member where that is possible. Joins of one user and room that are under way
   * at the same time share a call.
   *
   * @throws NotFoundError, also when the user was removed, or the room deleted, while the answer
   * was on its way
   */
  join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }> {
    const key = keyOf(userId, roomId);
    const underWay = this.#joining.get(key);
    if (underWay) return underWay;
    const joining = this.#join(key, userId, roomId).finally(() => {
      if (this.#joining.get(key) === joining) this.#joining.delete(key);
    });
    this.#joining.set(key, joining);
    return joining;
  }

  async #join(
    key: string,
    userId: string,
    roomId: string,
  ): Promise<{ role: Role; head: RoomHead }> {
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
   * Asks for all of them anew, in parts that are spread over time: a part that fails holds up none
   * of the others, and what is known of it stands.
   *
   * @param tellNone hears of those that are none, or none any more, as soon as it is known
   * @throws what the directory threw for a part, once all parts have been answered or have failed
   */
  async recheck(
    memberships: readonly Membership[],
    tellNone: (membership: Membership) => void,
  ): Promise<void> {
    const parts = partsOf(memberships, RECHECKED_TOGETHER);
    const begin = performance.now();
    const failures: unknown[] = [];
    const rest = parts.entries();
    const recheckOn = async (): Promise<void> => {
      for (const [index, part] of rest) {
        const dueInMs = begin + (index * RECHECK_SPREAD_MS) / parts.length - performance.now();
        if (dueInMs > 0) await pause(dueInMs);
        await this.#recheck(part, tellNone).catch((error: unknown) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: RECHECKS_AT_ONCE }, recheckOn));
    if (failures.length > 0) throw failures[0];
  }

  /** What is known without asking: null for no role, undefined when nothing is known, or no more. */
  knownRole(userId: string, roomId: string): Role | null | undefined {
    if (this.#deleted.has(roomId)) return null;
    const known = this.#known.known(keyOf(userId, roomId));
    return known && (known.role ?? null);
  }

  /**
   * Keeps what a signal told; answers that are still on their way are older than it.
   *
   * @returns false when a signal told the same before
   */
  tell(userId: string, roomId: string, role: Role | undefined): boolean {
    const key = keyOf(userId, roomId);
    const before = this.#known.known(key);
    this.#joining.delete(key);
    this.#known.tell(key, { role, bySignal: true });
    return !before?.bySignal || before.role !== role;
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

function keyOf(userId: string, roomId: string): string {
  return `${userId} ${roomId}`;
}
