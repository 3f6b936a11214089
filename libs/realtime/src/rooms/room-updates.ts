import type { Room } from '@chat/contracts';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { ConnectedSockets } from '../connections/connected-sockets.ts';
import { UserChannel } from '../user-channel/user-channel.ts';

/** Minimum time between two events about a room for sockets that have not joined it. */
const INTERVAL_MS = 1_000;

interface RoomUpdate {
  readonly room: Room;
  /** The sockets that were in the room, which receive the update there. */
  readonly joined: ReadonlySet<ChatSocket>;
}

/**
 * Emits changes of rooms: to the sockets in the room in the order of its other events, and to the
 * other sockets of its members at most once per second, with the latest state.
 */
@Injectable()
export class RoomUpdates implements OnApplicationShutdown {
  /** Rooms with an event in the last second, and the change since then, if any. */
  readonly #recent = new Map<string, { timer: NodeJS.Timeout; waiting?: RoomUpdate }>();

  constructor(
    private readonly sockets: ConnectedSockets,
    private readonly channel: UserChannel,
  ) {}

  emit(room: Room): void {
    const update = { room, joined: new Set(this.sockets.inRoom(room.id)) };
    this.sockets.emitToRoom(room.id, 'roomUpdated', room);
    const recent = this.#recent.get(room.id);
    if (recent) recent.waiting = update;
    else this.#emitToOthers(update);
  }

  onApplicationShutdown(): void {
    for (const { timer } of this.#recent.values()) clearTimeout(timer);
  }

  /** Emits to members that were not in the room; those that have joined it since are included. */
  #emitToOthers({ room, joined }: RoomUpdate): void {
    const members = [...this.channel.memberSocketsOf(room.id)];
    const others = members.filter((socket) => !joined.has(socket));
    if (others.length === 0) return;
    this.sockets.emitTo(others, 'roomUpdated', room);
    const timer = setTimeout(() => {
      const waiting = this.#recent.get(room.id)?.waiting;
      this.#recent.delete(room.id);
      if (waiting) this.#emitToOthers(waiting);
    }, INTERVAL_MS).unref();
    this.#recent.set(room.id, { timer });
  }
}
