import { MAX_JOIN_CHANGES, type Changes, type JoinRoomResult, type Message } from '@chat/contracts';
import { NotFoundError } from '@chat/platform';
import { Injectable, Logger } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { LiveSockets } from '../live-sockets.ts';
import { RoomDirectory } from '../room-directory.ts';
import { Memberships } from './memberships.ts';
import type { RoomStream } from './room-stream.ts';
import { RoomStreams } from './room-streams.ts';

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

  constructor(
    private readonly memberships: Memberships,
    private readonly directory: RoomDirectory,
    private readonly streams: RoomStreams,
    private readonly sockets: LiveSockets,
  ) {}

  /**
   * Joins, and answers in the same tick in which the socket begins to receive:
   * what the answer does not hold arrives as an event after it. A socket that leaves before the
   * answer gets the answer alone.
   *
   * @throws NotFoundError for a room that the user may not read
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
    const { role, head } = await this.memberships.join(userId, roomId);
    const stream = await this.streams.hold(roomId);
    let joined = false;
    try {
      const page = await this.#pageSince(stream, roomId, since);
      await stream.reach(Math.max(head.rev, page?.rev ?? 0));
      if (this.memberships.knownRole(userId, roomId) === null) {
        throw new NotFoundError('There is no such room.');
      }
      if (!socket.connected) return;
      joined = !join.left && this.#enter(socket, roomId);
      const { seq, rev } = stream.position;
      answer({ roomId, seq, rev, role, ...changesSince(stream, since, page) });
    } finally {
      if (!joined) this.streams.release(roomId);
    }
    this.#logger.debug({ socketId: socket.id, userId, roomId }, 'room joined');
  }

  /** A page of changes, when they are not in memory anyway. */
  async #pageSince(
    stream: RoomStream,
    roomId: string,
    since: number | undefined,
  ): Promise<Changes | undefined> {
    if (since === undefined || stream.changesAfter(since)) return undefined;
    return this.directory.changes(roomId, since, MAX_JOIN_CHANGES);
  }

  /** False when the socket was in the room before. */
  #enter(socket: ChatSocket, roomId: string): boolean {
    const rooms = this.#joined.get(socket) ?? new Set();
    if (rooms.has(roomId)) return false;
    this.#joined.set(socket, rooms.add(roomId));
    this.sockets.enterRoom(socket, roomId);
    return true;
  }
}

/** All changes from `since` to the stream's position, if they are at hand and few enough. */
function changesSince(
  stream: RoomStream,
  since: number | undefined,
  page: Changes | undefined,
): { changes?: Message[]; complete?: boolean } {
  if (since === undefined) return {};
  const later = stream.changesAfter(page ? page.rev : since);
  if (!later || page?.complete === false) return { complete: false };
  const changes = [...(page?.changes ?? []), ...later];
  return changes.length > MAX_JOIN_CHANGES ? { complete: false } : { changes, complete: true };
}
