import type { Role, RoomHead } from '@chat/contracts';
import {
  CallCoalescer,
  chunksOf,
  growingLruCache,
  StaleWhileRevalidateCache,
} from '@chat/platform/collections';
import { NotFoundError } from '@chat/platform/failures';
import { Injectable } from '@nestjs/common';
import { RoomDirectory, type Membership } from '../room-directory.ts';

/** Lifetime of a cached role in milliseconds: the maximum delay of a removal without a signal. */
const FRESH_MS = 10_000;
const MAX_CACHED_ROLES = 100_000;
const MAX_DELETED_ROOMS = 10_000;
/** Memberships per call of a recheck. */
const RECHECK_CHUNK_SIZE = 500;
const RECHECK_CONCURRENCY = 2;
/** Calls of a recheck are spread over this time: less than the recheck interval. Milliseconds. */
const RECHECK_SPREAD_MS = 6_000;

interface CachedRole {
  readonly role: Role | undefined;
  /** Whether the role comes from a signal; a response in flight may be older than the signal. */
  readonly fromSignal: boolean;
}

/** Caches the roles of users in rooms, from responses of the directory and from signals. */
@Injectable()
export class Memberships {
  readonly #roles = new StaleWhileRevalidateCache<CachedRole>({
    max: MAX_CACHED_ROLES,
    freshMs: FRESH_MS,
  });
  /** Rooms deleted by a signal; it overrides all later responses, since a deletion is permanent. */
  readonly #deleted = growingLruCache<true>(MAX_DELETED_ROOMS);
  readonly #joins = new CallCoalescer<{ role: Role; head: RoomHead }>();

  constructor(private readonly directory: RoomDirectory) {}

  /**
   * Makes the user a member where that is allowed. Concurrent joins of the same user and room share
   * a call.
   *
   * @throws NotFoundError, even when the user was removed, or the room deleted, during the call
   */
  join(userId: string, roomId: string): Promise<{ role: Role; head: RoomHead }> {
    const key = keyOf(userId, roomId);
    return this.#joins.joinInFlight(key, () => this.#join(key, userId, roomId));
  }

  async #join(
    key: string,
    userId: string,
    roomId: string,
  ): Promise<{ role: Role; head: RoomHead }> {
    const before = this.#roles.peek(key);
    const result = await this.directory.join(userId, roomId);
    const now = this.#roles.peek(key);
    const removed = now !== before && now?.fromSignal && now.role === undefined;
    if (removed || this.#deleted.has(roomId)) {
      throw new NotFoundError('Room not found.');
    }
    this.#roles.set(key, { role: result.role, fromSignal: false });
    return result;
  }

  /**
   * Returns the role of the user in the room; undefined for none. Serves a stale role while the
   * directory is unavailable.
   *
   * @throws the errors of the directory, when no role is cached
   */
  async roleOf(userId: string, roomId: string): Promise<Role | undefined> {
    if (this.#deleted.has(roomId)) return undefined;
    const { role } = await this.#roles.get(keyOf(userId, roomId), async () => {
      const [found] = await this.directory.rolesOf([{ userId, roomId }]);
      return { role: found, fromSignal: false };
    });
    return this.#deleted.has(roomId) ? undefined : role;
  }

  /**
   * Does nothing if the user is a member of the room.
   *
   * @throws NotFoundError, or the errors of {@link roleOf}
   */
  async requireMember(userId: string, roomId: string): Promise<void> {
    const role = await this.roleOf(userId, roomId);
    if (!role) throw new NotFoundError('This room does not exist, or you are not a member.');
  }

  /**
   * Refreshes all given roles in chunks that are spread over time: a chunk that fails does not
   * block the others, and its cached roles remain.
   *
   * @param onEnded called for every pair without a membership as soon as its chunk has completed
   * @throws the first error of the directory, once all chunks have completed or failed
   */
  async recheck(
    memberships: readonly Membership[],
    onEnded: (membership: Membership) => void,
  ): Promise<void> {
    const chunks = chunksOf(memberships, RECHECK_CHUNK_SIZE);
    const begin = performance.now();
    const failures: unknown[] = [];
    const remaining = chunks.entries();
    const recheckRemaining = async (): Promise<void> => {
      for (const [index, chunk] of remaining) {
        const dueInMs = begin + (index * RECHECK_SPREAD_MS) / chunks.length - performance.now();
        if (dueInMs > 0) await pause(dueInMs);
        await this.#recheckChunk(chunk, onEnded).catch((error: unknown) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: RECHECK_CONCURRENCY }, recheckRemaining));
    if (failures.length > 0) throw failures[0];
  }

  /** Returns the cached role: null for no role, undefined when none is cached any more. */
  cachedRole(userId: string, roomId: string): Role | null | undefined {
    if (this.#deleted.has(roomId)) return null;
    const cached = this.#roles.peek(keyOf(userId, roomId));
    return cached && (cached.role ?? null);
  }

  /**
   * Caches the role in a signal, which is newer than any response that is still in flight.
   *
   * @returns false when the previous signal had the same role
   */
  applySignal(userId: string, roomId: string, role: Role | undefined): boolean {
    const key = keyOf(userId, roomId);
    const before = this.#roles.peek(key);
    this.#joins.forget(key);
    this.#roles.set(key, { role, fromSignal: true });
    return !before?.fromSignal || before.role !== role;
  }

  /** Applies a signal that the room was deleted: it has no members from now on. */
  applyDeletion(roomId: string): void {
    this.#deleted.set(roomId, true);
  }

  async #recheckChunk(
    chunk: readonly Membership[],
    onEnded: (membership: Membership) => void,
  ): Promise<void> {
    const keys = chunk.map(({ userId, roomId }) => keyOf(userId, roomId));
    const refreshed = await this.#roles.refresh(keys, async () => {
      const roles = await this.directory.rolesOf(chunk);
      return roles.map((role) => ({ role, fromSignal: false }));
    });
    chunk.forEach((membership, index) => {
      if (!refreshed[index]?.role || this.#deleted.has(membership.roomId)) onEnded(membership);
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
