import type { PublishedHead } from '@chat/messages';
import { READ_POSITIONS_MOVED } from '@chat/rooms/signals';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { HeadSubscriber } from '../head-subscriber.ts';
import { SignalListener } from '../signals/signal-listener.ts';
import { SocketRechecks } from '../signals/socket-rechecks.ts';
import { HeadFanOut } from './head-fan-out.ts';
import { UserRoomsLoader } from './user-rooms-loader.ts';
import { UserRooms, type LoadedRooms, type RoomOfUser } from './user-rooms.ts';

/**
 * Share of the connected users whose rooms each recheck loads again, in case a signal was lost: all
 * of them in about a minute.
 */
const RECHECK_SHARE = 1 / 8;
/** Maximum number of heads that are kept for users whose rooms are being loaded. */
const MAX_HELD_HEADS = 1_000;

/**
 * Sends sockets the heads of all rooms of their users that have changed, joined on the socket or not.
 * The heads are hints; the list of rooms is the state.
 */
@Injectable()
export class UserChannel implements OnModuleInit, OnApplicationShutdown {
  readonly #unsubscribe: (() => void)[] = [];
  /** The latest heads since the loads in progress began: a loaded room may be among them. */
  readonly #held = new Map<string, PublishedHead>();
  #onEnded: (membership: RoomOfUser) => void = () => undefined;

  constructor(
    private readonly subscriber: HeadSubscriber,
    private readonly rooms: UserRooms,
    private readonly loader: UserRoomsLoader,
    private readonly heads: HeadFanOut,
    private readonly signals: SignalListener,
    private readonly rechecks: SocketRechecks,
  ) {}

  onModuleInit(): void {
    this.loader.onLoaded((loaded) => this.#applyLoad(loaded));
    this.#unsubscribe.push(
      this.subscriber.subscribe((heads) => this.#receive(heads)),
      this.subscriber.onGap(() => this.#recover()),
    );
    this.signals.on(READ_POSITIONS_MOVED, ({ positions }) => {
      for (const position of positions) this.rooms.movePosition(position);
    });
    this.rechecks.register(() => Promise.resolve(this.recheck()));
  }

  onApplicationShutdown(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** Sets the listener for memberships that have ended without a signal. */
  onMembershipEnded(listener: (membership: RoomOfUser) => void): void {
    this.#onEnded = listener;
  }

  /** Adds a socket; does not wait for the rooms of its user. */
  connect(socket: ChatSocket): void {
    if (this.rooms.connect(socket)) this.loader.request([socket.data.identity.userId]);
  }

  disconnect(socket: ChatSocket): void {
    this.rooms.disconnect(socket);
    this.heads.forget(socket);
  }

  /** Applies a signal that the user is a member; the read position has to be loaded. */
  addMember(userId: string, roomId: string): void {
    if (!this.rooms.isConnected(userId)) return;
    if (this.rooms.positionOf(userId, roomId) === undefined) this.loader.request([userId]);
  }

  /** Applies a signal that the user is not a member any more. */
  removeMember(userId: string, roomId: string): void {
    this.rooms.removeMember(userId, roomId);
  }

  /** Applies a signal that a room was deleted. */
  removeRoom(roomId: string): void {
    this.rooms.removeRoom(roomId);
  }

  /** Returns whether all rooms of a connected user are known. */
  knowsRoomsOf(userId: string): boolean {
    return this.rooms.hasAllRoomsOf(userId) && !this.loader.isPending(userId);
  }

  /** Returns the sockets of all connected members of a room, joined on the socket or not. */
  memberSocketsOf(roomId: string): Iterable<ChatSocket> {
    return this.rooms.memberSocketsOf(roomId);
  }

  /** Loads the rooms of some users again, in case a signal was lost. */
  recheck(): void {
    const userIds = this.rooms.userIds();
    this.loader.request(userIds.slice(0, Math.ceil(userIds.length * RECHECK_SHARE)));
  }

  /** Heads and signals may have been lost, such as that the last message was deleted. */
  #recover(): void {
    this.#held.clear();
    this.loader.request(this.rooms.userIds());
  }

  #receive(heads: readonly PublishedHead[]): void {
    if (this.loader.busy) for (const head of heads) this.#hold(head);
    else this.#held.clear();
    for (const head of heads) {
      this.#markSent(head);
      for (const socket of this.rooms.memberSocketsOf(head.roomId)) this.heads.queue(socket, head);
    }
  }

  /** Sending marks a room as read; the signal about that may arrive after the head. */
  #markSent({ roomId, seq, lastMessage }: PublishedHead): void {
    const { userId, editedAt, deletedAt, reactions } = lastMessage;
    if (editedAt !== undefined || deletedAt !== undefined || reactions) return;
    const lastReadSeq = this.rooms.positionOf(userId, roomId) ?? seq;
    if (lastReadSeq < seq) this.rooms.movePosition({ userId, roomId, lastReadSeq: seq });
  }

  #hold(head: PublishedHead): void {
    this.#held.set(head.roomId, head);
    const [oldest] = this.#held.keys();
    if (this.#held.size > MAX_HELD_HEADS && oldest !== undefined) this.#held.delete(oldest);
  }

  #applyLoad({ added, ended }: LoadedRooms): void {
    for (const { userId, roomId } of added) {
      const head = this.#held.get(roomId);
      if (!head) continue;
      for (const socket of this.rooms.socketsOf(userId)) this.heads.queue(socket, head);
    }
    for (const membership of ended) this.#onEnded(membership);
  }
}
