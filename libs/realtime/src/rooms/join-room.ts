import {
  MAX_JOIN_BYTES,
  MAX_JOIN_CHANGES,
  MAX_MESSAGE_BYTES,
  type Changes,
  type JoinRoomResult,
  type Message,
} from '@chat/contracts';
import {
  NotFoundError,
  RateLimitedError,
  RateLimiter,
  ReadBudget,
  Refusals,
  type RateLimit,
  type ReadPlace,
} from '@chat/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { LiveSockets } from '../live-sockets.ts';
import { RoomDirectory } from '../room-directory.ts';
import { SlowSockets } from '../slow-sockets.ts';
import { lastPacketLeft } from './last-packet-left.ts';
import { Memberships } from './memberships.ts';
import type { RoomStream } from './room-stream.ts';
import { RoomStreams } from './room-streams.ts';

/** Joins of one user. */
const JOIN_LIMIT: RateLimit = { points: 50, perMs: 1_000, burst: 500 };
/** Changes that one call asks for: few of them fit into the answer when they are long. */
const READ_AT_ONCE = 25;
/** What a message takes in an answer beside its text, more or less. */
const BYTES_BESIDE_TEXT = 300;

interface JoinUnderWay {
  readonly roomId: string;
  /** Whether the socket has left the room again since it asked to join. */
  left: boolean;
}

/** Puts sockets into rooms and takes them out, without a gap in what they receive. */
@Injectable()
export class JoinRoom {
  readonly #logger = new Logger(JoinRoom.name);
  readonly #joined = new WeakMap<ChatSocket, Set<string>>();
  readonly #underWay = new WeakMap<ChatSocket, Set<JoinUnderWay>>();
  /** Ends what joins of the socket wait for. */
  readonly #gone = new WeakMap<ChatSocket, AbortController>();

  constructor(
    private readonly memberships: Memberships,
    private readonly directory: RoomDirectory,
    private readonly streams: RoomStreams,
    private readonly sockets: LiveSockets,
    private readonly limiter: RateLimiter,
    private readonly budget: ReadBudget,
    private readonly slowSockets: SlowSockets,
    private readonly refusals: Refusals,
  ) {}

  /**
   * Joins, and answers in the same tick in which the socket begins to receive:
   * what the answer does not hold arrives as an event after it. A socket that leaves before the
   * answer gets the answer alone.
   *
   * @throws NotFoundError for a room that the user may not read
   * @throws RateLimitedError
   */
  async join(
    socket: ChatSocket,
    { roomId, since }: { roomId: string; since?: number },
    answer: (result: JoinRoomResult) => void,
  ): Promise<void> {
    const underWay = this.#underWay.get(socket) ?? new Set();
    const join: JoinUnderWay = { roomId, left: false };
    this.#underWay.set(socket, underWay.add(join));
    try {
      await this.#join(socket, join, since, answer);
    } finally {
      underWay.delete(join);
    }
  }

  /** At the socket's own wish, so that joins that it asked for before this do not bring it back. */
  leave(socket: ChatSocket, roomId: string): void {
    for (const join of this.#underWay.get(socket) ?? []) {
      if (join.roomId === roomId) join.left = true;
    }
    this.takeOut(socket, roomId);
  }

  /** Whether or not the socket wishes it. */
  takeOut(socket: ChatSocket, roomId: string): void {
    if (!this.#joined.get(socket)?.delete(roomId)) return;
    this.sockets.leaveRoom(socket, roomId);
    this.streams.release(roomId);
  }

  /** For a socket that is gone. */
  leaveAll(socket: ChatSocket): void {
    this.#gone.get(socket)?.abort();
    for (const roomId of this.#joined.get(socket) ?? []) this.takeOut(socket, roomId);
  }

  async #join(
    socket: ChatSocket,
    join: JoinUnderWay,
    since: number | undefined,
    answer: (result: JoinRoomResult) => void,
  ): Promise<void> {
    const { userId } = socket.data.identity;
    const { roomId } = join;
    await this.#withinRate(userId);
    if (hasGone(socket)) return;
    const { role, head } = await this.memberships.join(userId, roomId);
    if (hasGone(socket)) return;
    const stream = await this.streams.hold(roomId);
    let joined = false;
    let place: ReadPlace | undefined;
    let left = Promise.resolve();
    try {
      await stream.reach(head.rev);
      const missed = since === undefined ? 0 : stream.position.rev - since;
      let page: Changes | undefined;
      if (since !== undefined && missed > 0 && missed <= MAX_JOIN_CHANGES) {
        if (hasGone(socket)) return;
        place = await this.#enterRead(socket, missed);
        if (!place) return;
        try {
          page = await this.#pageSince(stream, roomId, since);
        } finally {
          // The store has done its part; the room may have much to write before the answer.
          place.answered(bytesOf(page?.changes ?? []));
        }
        await stream.reach(page?.rev ?? 0);
      }
      if (this.memberships.knownRole(userId, roomId) === null) {
        throw new NotFoundError('There is no such room.');
      }
      if (hasGone(socket)) return;
      joined = !join.left && this.#enter(socket, roomId);
      const { seq, rev } = stream.position;
      const changes = changesSince(stream, since, page);
      answer({ roomId, seq, rev, role, ...changes });
      if (place) left = lastPacketLeft(socket);
      place?.sent(() => this.slowSockets.close(socket.conn));
    } finally {
      void left.then(() => place?.release());
      if (!joined) this.streams.release(roomId);
    }
    this.#logger.debug({ socketId: socket.id, userId, roomId }, 'room joined');
  }

  /** @throws RateLimitedError */
  async #withinRate(userId: string): Promise<void> {
    const waitMs = await this.limiter.take(`join:${userId}`, JOIN_LIMIT);
    if (waitMs <= 0) return;
    this.refusals.count('user_joins');
    throw new RateLimitedError('You are joining rooms too fast.', waitMs);
  }

  /** A place to read so many messages; undefined when the socket has gone meanwhile. @throws RateLimitedError */
  #enterRead(socket: ChatSocket, messages: number): Promise<ReadPlace | undefined> {
    const gone = this.#gone.get(socket) ?? new AbortController();
    this.#gone.set(socket, gone);
    const { userId } = socket.data.identity;
    return this.budget.enter(userId, messages * MAX_MESSAGE_BYTES, gone.signal);
  }

  /** What was missed, when it is not in memory anyway; no more of it than fits into the answer. */
  async #pageSince(
    stream: RoomStream,
    roomId: string,
    since: number,
  ): Promise<Changes | undefined> {
    if (stream.changesAfter(since)) return undefined;
    const changes: Message[] = [];
    for (let rev = since; ;) {
      const page = await this.directory.changes(roomId, rev, READ_AT_ONCE);
      changes.push(...page.changes);
      if (page.complete || page.changes.length === 0 || !fitAnswer(changes)) {
        return { ...page, changes };
      }
      rev = page.rev;
    }
  }

  /** False when the socket was in the room before: then it is written what it still lacks. */
  #enter(socket: ChatSocket, roomId: string): boolean {
    if (!this.sockets.enterRoom(socket, roomId)) return false;
    const rooms = this.#joined.get(socket) ?? new Set();
    if (rooms.has(roomId)) return false;
    this.#joined.set(socket, rooms.add(roomId));
    return true;
  }
}

/** All changes from `since` to the stream's position, if they are at hand, and few and small enough. */
function changesSince(
  stream: RoomStream,
  since: number | undefined,
  page: Changes | undefined,
): { changes?: Message[]; complete?: boolean } {
  if (since === undefined) return {};
  const later = stream.changesAfter(page ? page.rev : since);
  if (!later || page?.complete === false) return { complete: false };
  const changes = [...(page?.changes ?? []), ...later];
  return fitAnswer(changes) ? { changes, complete: true } : { complete: false };
}

function fitAnswer(changes: readonly Message[]): boolean {
  return changes.length <= MAX_JOIN_CHANGES && bytesOf(changes) <= MAX_JOIN_BYTES;
}

function bytesOf(changes: readonly Message[]): number {
  return changes.reduce((sum, { text }) => sum + Buffer.byteLength(text) + BYTES_BESIDE_TEXT, 0);
}

/** Called again after every wait, since the socket may have gone meanwhile. */
function hasGone({ connected }: ChatSocket): boolean {
  return !connected;
}
