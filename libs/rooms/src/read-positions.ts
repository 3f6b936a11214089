import type { MarkReadResult, Role, Room, RoomHead } from '@chat/contracts';
import { chunksOf } from '@chat/platform/collections';
import { Signals, type SignalOf } from '@chat/platform/signals';
import { Injectable } from '@nestjs/common';
import { RoomActivity } from './room-activity.ts';
import { noSuchRoom } from './room-access.ts';
import { MAX_SIGNAL_POSITIONS, READ_POSITIONS_MOVED } from './room-signals.ts';
import { MAX_POSITIONS_PER_CALL, RoomStore, type Membership } from './room-store.ts';
import { toRoom } from './to-room.ts';

/** A room of a user, with its head and the position up to which the user has read it. */
export interface JoinedRoom {
  readonly room: Room;
  readonly role: Role;
  readonly head: RoomHead;
  /** Seq of the last message that counts as read; 0 if none does. */
  readonly lastReadSeq: number;
}

/** A request of a socket to move the read position of its user. */
export interface PositionMove {
  readonly userId: string;
  readonly roomId: string;
  /** The new position; one beyond the head counts as the head. */
  readonly seq: number;
  /** Whether the position may also move backwards; otherwise one that is further stays. */
  readonly backwards: boolean;
  /** The socket that requests it: it receives no event about it. */
  readonly socketId: string;
}

/** The last message that a user has sent to a room. */
export interface LastSent {
  readonly roomId: string;
  readonly userId: string;
  readonly seq: number;
  readonly messageId: string;
  /** Seq of the last message of the room. */
  readonly headSeq: number;
}

/** Returns how many messages follow a read position; deleted ones count too. */
export function unreadAfter(lastReadSeq: number, headSeq: number): number {
  return Math.max(0, headSeq - lastReadSeq);
}

/** Reads and moves the positions up to which users have read their rooms. */
@Injectable()
export class ReadPositions {
  constructor(
    private readonly store: RoomStore,
    private readonly activity: RoomActivity,
    private readonly signals: Signals,
  ) {}

  /**
   * Returns the rooms of a user, ordered by name. For a membership that an earlier version stored,
   * all present messages count as read, from the first call on.
   */
  async roomsOf(userId: string): Promise<JoinedRoom[]> {
    const listed = await this.store.listRoomsOf(userId);
    const heads = await this.activity.headsOf(listed.map(({ room }) => room.id));
    const headOf = (roomId: string) => heads.get(roomId) ?? { roomId, seq: 0, rev: 0 };
    const started = listed
      .filter(({ lastReadSeq }) => lastReadSeq === undefined)
      .map(({ room }) => ({ roomId: room.id, userId, lastReadSeq: headOf(room.id).seq }));
    for (const chunk of chunksOf(started, MAX_POSITIONS_PER_CALL)) {
      await this.store.markManyRead(chunk);
    }
    return listed.map(({ room, role, lastReadSeq }) => {
      const head = headOf(room.id);
      return { room: toRoom(room), role, head, lastReadSeq: lastReadSeq ?? head.seq };
    });
  }

  /** Moves the position of a member. @throws NotFoundError for a user who is not a member */
  async move({ roomId, userId, seq, backwards, socketId }: PositionMove): Promise<MarkReadResult> {
    const heads = await this.activity.headsOf([roomId]);
    const headSeq = heads.get(roomId)?.seq ?? 0;
    const position = { roomId, userId, lastReadSeq: Math.min(seq, headSeq) };
    const stored = backwards
      ? await this.store.markUnread(position)
      : await this.store.markRead(position);
    if (!stored) throw noSuchRoom();
    const state = stateOf(stored.lastReadSeq, headSeq);
    if (stored.moved) this.#signal([{ roomId, userId, ...state, socketId }]);
    return state;
  }

  /** Moves the positions of senders forward to the messages that they have sent. */
  async markSent(sent: readonly LastSent[]): Promise<void> {
    for (const chunk of chunksOf(sent, MAX_SIGNAL_POSITIONS)) {
      const positions = await this.#positionsOf(chunk);
      // A position that is further stays, so nothing is signalled.
      const moved = chunk.filter((last) => last.seq > (positions.get(keyOf(last)) ?? Infinity));
      if (moved.length === 0) continue;
      await this.store.markManyRead(
        moved.map(({ roomId, userId, seq }) => ({ roomId, userId, lastReadSeq: seq })),
      );
      // A request that overtook the write has signalled its own position.
      const stored = await this.#positionsOf(moved);
      const current = moved.filter((last) => stored.get(keyOf(last)) === last.seq);
      if (current.length === 0) continue;
      this.#signal(
        current.map(({ roomId, userId, seq, messageId, headSeq }) => {
          return { roomId, userId, ...stateOf(seq, headSeq), messageId };
        }),
      );
    }
  }

  /** Returns the positions of those who are members; -1 for a membership of an earlier version. */
  async #positionsOf(memberships: readonly Membership[]): Promise<ReadonlyMap<string, number>> {
    const members = await this.store.findMembers(memberships);
    return new Map(members.map((member) => [keyOf(member), member.lastReadSeq ?? -1]));
  }

  #signal(positions: SignalOf<typeof READ_POSITIONS_MOVED>['positions']): void {
    this.signals.publish(READ_POSITIONS_MOVED, { positions });
  }
}

function stateOf(lastReadSeq: number, headSeq: number): MarkReadResult {
  return { lastReadSeq, unread: unreadAfter(lastReadSeq, headSeq) };
}

function keyOf({ roomId, userId }: Membership): string {
  return `${roomId} ${userId}`;
}
