import {
  MAX_JOIN_BYTES,
  MAX_JOIN_CHANGES,
  MAX_LISTED_REACTORS,
  MAX_MESSAGE_BYTES,
  type JoinRoomResult,
} from '@chat/contracts';
import { NotFoundError, RateLimitedError } from '@chat/platform/failures';
import {
  latestStates,
  toMessage,
  type StoredChanges,
  type StoredMessage,
  type StoredReaction,
} from '@chat/messages';
import { RateLimiter, ReadBudget, type RateLimit, type ReadSlot } from '@chat/platform/limits';
import { Refusals } from '@chat/platform/monitoring';
import { Injectable, Logger } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { ConnectedSockets } from '../connections/connected-sockets.ts';
import { RoomDirectory } from '../room-directory.ts';
import { SlowSockets } from '../connections/slow-sockets.ts';
import { waitUntilSent } from './wait-until-sent.ts';
import { Memberships } from './memberships.ts';
import type { RoomStream } from './room-stream.ts';
import { RoomStreams } from './room-streams.ts';

/** Joins per user. */
const JOIN_LIMIT: RateLimit = { points: 50, windowMs: 1_000, burst: 500 };
/** Changes per read: only a few long changes fit into an acknowledgement. */
const READ_PAGE_SIZE = 25;
/** Approximate size of a message in an acknowledgement, excluding its text and reactions. */
const MESSAGE_OVERHEAD_BYTES = 300;
/** Approximate size of a reaction in an acknowledgement, excluding its listed users. */
const REACTION_OVERHEAD_BYTES = 80;
/** Approximate size of a user id in an acknowledgement. */
const USER_ID_BYTES = 30;

interface PendingJoin {
  readonly roomId: string;
  /** Whether the socket has left the room since it requested the join. */
  left: boolean;
  /** Settles when the join has been acknowledged or has failed; never rejects. */
  settled: Promise<void>;
}

/** Adds sockets to rooms and removes them, without a gap in the changes that they receive. */
@Injectable()
export class JoinRoom {
  readonly #logger = new Logger(JoinRoom.name);
  readonly #joined = new WeakMap<ChatSocket, Set<string>>();
  readonly #pending = new WeakMap<ChatSocket, Set<PendingJoin>>();
  /** Aborts the waiting reads of a disconnected socket. */
  readonly #aborts = new WeakMap<ChatSocket, AbortController>();

  constructor(
    private readonly memberships: Memberships,
    private readonly directory: RoomDirectory,
    private readonly streams: RoomStreams,
    private readonly sockets: ConnectedSockets,
    private readonly limiter: RateLimiter,
    private readonly budget: ReadBudget,
    private readonly slowSockets: SlowSockets,
    private readonly refusals: Refusals,
  ) {}

  /**
   * Joins the room, and acknowledges in the same tick in which the socket begins to receive events:
   * changes that the acknowledgement does not contain arrive as events after it. A socket that
   * leaves before the acknowledgement receives only the acknowledgement.
   *
   * @throws NotFoundError for a room that the user may not read
   * @throws RateLimitedError
   */
  join(
    socket: ChatSocket,
    { roomId, since }: { roomId: string; since?: number },
    acknowledge: (result: JoinRoomResult) => void,
  ): Promise<void> {
    const pending = this.#pending.get(socket) ?? new Set();
    const join: PendingJoin = { roomId, left: false, settled: Promise.resolve() };
    this.#pending.set(socket, pending.add(join));
    const joined = this.#join(socket, join, since, acknowledge).finally(() => pending.delete(join));
    join.settled = joined.catch(() => undefined);
    return joined;
  }

  /** Settles when the latest join of the room by the socket does, if in progress; never rejects. */
  pendingJoin(socket: ChatSocket, roomId: string): Promise<void> | undefined {
    let settled: Promise<void> | undefined;
    for (const join of this.#pending.get(socket) ?? []) {
      if (join.roomId === roomId) settled = join.settled;
    }
    return settled;
  }

  /** Leaves the room at the client's request, which also cancels earlier joins in progress. */
  leave(socket: ChatSocket, roomId: string): void {
    for (const join of this.#pending.get(socket) ?? []) {
      if (join.roomId === roomId) join.left = true;
    }
    this.removeFromRoom(socket, roomId);
  }

  /**
   * Removes the socket from the room, even without a request from its client. Returns whether it
   * was in the room.
   */
  removeFromRoom(socket: ChatSocket, roomId: string): boolean {
    if (!this.#joined.get(socket)?.delete(roomId)) return false;
    this.sockets.leaveRoom(socket, roomId);
    this.streams.release(roomId);
    return true;
  }

  /** Removes a disconnected socket from all its rooms. */
  leaveAll(socket: ChatSocket): void {
    this.#aborts.get(socket)?.abort();
    for (const roomId of this.#joined.get(socket) ?? []) this.removeFromRoom(socket, roomId);
  }

  async #join(
    socket: ChatSocket,
    join: PendingJoin,
    since: number | undefined,
    acknowledge: (result: JoinRoomResult) => void,
  ): Promise<void> {
    const { userId } = socket.data.identity;
    const { roomId } = join;
    await this.#checkRate(userId);
    if (isDisconnected(socket)) return;
    const { role, head } = await this.memberships.join(userId, roomId);
    if (isDisconnected(socket)) return;
    const stream = await this.streams.acquire(roomId);
    let joined = false;
    let slot: ReadSlot | undefined;
    let sent = Promise.resolve();
    try {
      await stream.catchUpTo(head.rev);
      const missed = since === undefined ? 0 : stream.position.rev - since;
      let page: StoredChanges | undefined;
      if (since !== undefined && missed > 0 && missed <= MAX_JOIN_CHANGES) {
        if (isDisconnected(socket)) return;
        slot = await this.#enterRead(socket, missed);
        if (!slot) return;
        try {
          page = await this.#pageSince(stream, roomId, since);
        } finally {
          // The read is finished; many events may be written before the acknowledgement.
          slot.answered(bytesOf(page?.changes ?? []));
        }
        await stream.catchUpTo(page?.rev ?? 0);
      }
      if (this.memberships.cachedRole(userId, roomId) === null) {
        throw new NotFoundError('Room not found.');
      }
      if (isDisconnected(socket)) return;
      joined = !join.left && this.#enter(socket, roomId);
      const { seq, rev } = stream.position;
      const missedChanges = changesSince(stream, since, page, userId);
      acknowledge({ roomId, seq, rev, role, ...missedChanges });
      if (slot) sent = waitUntilSent(socket);
      slot?.sent(() => this.slowSockets.close(socket.conn));
    } finally {
      void sent.then(() => slot?.release());
      if (!joined) this.streams.release(roomId);
    }
    this.#logger.debug({ socketId: socket.id, userId, roomId }, 'room joined');
  }

  /**
   * Checks the rate limit of joins.
   *
   * @throws RateLimitedError
   */
  async #checkRate(userId: string): Promise<void> {
    const waitMs = await this.limiter.take(`join:${userId}`, JOIN_LIMIT);
    if (waitMs <= 0) return;
    this.refusals.count('user_joins');
    throw new RateLimitedError('You are joining rooms too fast. Please slow down.', waitMs);
  }

  /**
   * Acquires a slot in the read budget for this many messages; undefined when the socket has
   * disconnected in the meantime.
   *
   * @throws RateLimitedError
   */
  #enterRead(socket: ChatSocket, messages: number): Promise<ReadSlot | undefined> {
    const abort = this.#aborts.get(socket) ?? new AbortController();
    this.#aborts.set(socket, abort);
    const { userId } = socket.data.identity;
    return this.budget.acquire(userId, messages * MAX_MESSAGE_BYTES, abort.signal);
  }

  /** Reads missed changes, unless they are all in memory; stops when they no longer fit. */
  async #pageSince(
    stream: RoomStream,
    roomId: string,
    since: number,
  ): Promise<StoredChanges | undefined> {
    if (stream.changesAfter(since)) return undefined;
    const changes: StoredMessage[] = [];
    for (let rev = since; ;) {
      const page = await this.directory.changes(roomId, rev, READ_PAGE_SIZE);
      changes.push(...page.changes);
      if (page.complete || page.rev <= rev || !fitAck(changes)) {
        return { ...page, changes };
      }
      rev = page.rev;
    }
  }

  /**
   * Adds the socket to the room. Returns false when it was closed or is in the room already, in
   * which case it has just received its unwritten events.
   */
  #enter(socket: ChatSocket, roomId: string): boolean {
    if (!this.sockets.enterRoom(socket, roomId)) return false;
    const rooms = this.#joined.get(socket) ?? new Set();
    if (rooms.has(roomId)) return false;
    this.#joined.set(socket, rooms.add(roomId));
    return true;
  }
}

/** Returns the changes from `since` to the position of the stream, if they fit. */
function changesSince(
  stream: RoomStream,
  since: number | undefined,
  page: StoredChanges | undefined,
  userId: string,
): Pick<JoinRoomResult, 'changes' | 'complete'> {
  if (since === undefined) return {};
  const later = stream.changesAfter(page ? page.rev : since);
  if (!later || page?.complete === false) return { complete: false };
  const changes = latestStates([...(page?.changes ?? []), ...later]);
  if (!fitAck(changes)) return { complete: false };
  return { changes: changes.map((message) => toMessage(message, userId)), complete: true };
}

function fitAck(changes: readonly StoredMessage[]): boolean {
  return changes.length <= MAX_JOIN_CHANGES && bytesOf(changes) <= MAX_JOIN_BYTES;
}

function bytesOf(changes: readonly StoredMessage[]): number {
  return changes.reduce(
    (sum, { text, reactions = [] }) =>
      sum + MESSAGE_OVERHEAD_BYTES + Buffer.byteLength(text) + bytesOfReactions(reactions),
    0,
  );
}

function bytesOfReactions(reactions: readonly StoredReaction[]): number {
  return reactions.reduce((sum, { userIds }) => {
    const listed = Math.min(userIds.length, MAX_LISTED_REACTORS);
    return sum + REACTION_OVERHEAD_BYTES + USER_ID_BYTES * listed;
  }, 0);
}

/** Checked after every wait, since the socket may have disconnected in the meantime. */
function isDisconnected({ connected }: ChatSocket): boolean {
  return !connected;
}
