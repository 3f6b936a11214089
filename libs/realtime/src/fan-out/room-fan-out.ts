import type { ServerEvent, ServerPayload } from '@chat/contracts';
import type { ChatSocket } from '../chat-socket.ts';
import type { ChangeEvent } from '../rooms/change-event.ts';
import { EncodedEvent } from './encoded-event.ts';
import { SocketGroup } from './socket-group.ts';

/** Limits of the work that is done before pings, acknowledgements, probes and other work. */
export interface FanOutLimits {
  /** Approximate writes per slice. Each may cost as much again later, when the socket drains. */
  readonly sliceWrites: number;
  /** Approximate duration of a slice, in milliseconds. */
  readonly sliceMs: number;
  /** Approximate writes for one room before the next room has its turn. */
  readonly turnWrites: number;
  /** Unwritten events of one room beyond which the room has no capacity for changes, in bytes. */
  readonly roomBytes: number;
  /** Unwritten events of all rooms beyond which no room has capacity for changes, in bytes. */
  readonly totalBytes: number;
}

const DEFAULT_LIMITS: FanOutLimits = {
  sliceWrites: 500,
  sliceMs: 10,
  turnWrites: 50,
  roomBytes: 256 * 1024,
  totalBytes: 16 * 1024 * 1024,
};

/** Events about the state of a room: a later event replaces an earlier one of the same subject. */
export type RoomEvent = 'memberChanged' | 'roomHeads' | 'roomUpdated';

const SUBJECTS: { readonly [E in RoomEvent]: (payload: ServerPayload<E>) => string } = {
  memberChanged: ({ userId }) => userId,
  roomHeads: () => '',
  roomUpdated: () => '',
};

interface CapacityWaiter {
  readonly roomId: string;
  readonly resolve: () => void;
}

/**
 * Writes the events of rooms to their sockets in slices of the event loop, round-robin by room.
 * Each socket receives the events of a room in order.
 */
export class RoomFanOut {
  readonly #rooms = new Map<string, SocketGroup>();
  /** Groups with unwritten events in the order of their turns; the value is the id of a room. */
  readonly #busy = new Map<SocketGroup, string | undefined>();
  readonly #waiting: CapacityWaiter[] = [];
  #whenIdle: (() => void)[] = [];
  #bytes = 0;
  #scheduled = false;

  constructor(private readonly limits: FanOutLimits = DEFAULT_LIMITS) {}

  /**
   * Adds a socket to the room: it receives events that are sent from now on, and none sent before.
   * A socket that is in the room already immediately receives the events that it has not received
   * yet. Returns false when that closed the socket: then it is not in the room.
   */
  enter(roomId: string, socket: ChatSocket): boolean {
    const room = this.#rooms.get(roomId) ?? new SocketGroup();
    this.#rooms.set(roomId, room);
    return room.enter(socket);
  }

  /** Removes a socket from the room: it receives no further events, not even those sent before. */
  leave(roomId: string, socket: ChatSocket): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    room.leave(socket);
    this.#deleteIfEmpty(roomId, room);
  }

  isIn(roomId: string, socket: ChatSocket): boolean {
    return this.#rooms.get(roomId)?.has(socket) ?? false;
  }

  socketsIn(roomId: string): ChatSocket[] {
    return this.#rooms.get(roomId)?.sockets() ?? [];
  }

  /**
   * Sends events about changes to the sockets of the room. The caller must first wait for capacity:
   * otherwise memory use is not bounded.
   *
   * @param onWritten called once all events were written to every socket
   */
  sendChanges(roomId: string, events: readonly ChangeEvent[], onWritten: () => void): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    const last = events.at(-1);
    for (const event of events) {
      const encoded = new EncodedEvent(event.name, event.payload);
      this.#push(room, roomId, event, encoded, event === last ? onWritten : undefined);
    }
  }

  /** Sends an event to the sockets of the room; replaces a waiting event of the same subject. */
  send<E extends RoomEvent>(roomId: string, event: E, payload: ServerPayload<E>): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    const subject = `${event} ${SUBJECTS[event](payload)}`;
    this.#push(room, roomId, subject, new EncodedEvent(event, payload));
  }

  /** Sends an event to the given sockets, independent of their rooms. */
  sendTo<E extends ServerEvent>(
    sockets: Iterable<ChatSocket>,
    event: E,
    payload: ServerPayload<E>,
  ): void {
    const group = new SocketGroup();
    for (const socket of sockets) group.enter(socket);
    this.#push(group, undefined, event, new EncodedEvent(event, payload));
  }

  hasCapacity(roomId: string): boolean {
    const room = this.#rooms.get(roomId);
    if (!room) return true;
    return room.bytes < this.limits.roomBytes && this.#bytes < this.limits.totalBytes;
  }

  /** Resolves when the room may have capacity; waiting callers are resumed one by one. */
  waitForCapacity(roomId: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ roomId, resolve });
      this.#schedule();
    });
  }

  /** Resolves once all events are written. */
  whenIdle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #push(
    group: SocketGroup,
    roomId: string | undefined,
    subject: unknown,
    event: EncodedEvent,
    onWritten?: () => void,
  ): void {
    const before = group.bytes;
    group.push(subject, event, onWritten);
    this.#bytes += group.bytes - before;
    this.#busy.set(group, roomId);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#writeSlice();
      if (this.#isIdle) for (const resolve of this.#whenIdle.splice(0)) resolve();
      this.#resumeOneWaiter();
      if (!this.#isIdle || this.#whenIdle.length > 0) this.#schedule();
    });
  }

  /** Whether all events are written and no caller waits for capacity to send more. */
  get #isIdle(): boolean {
    return this.#busy.size === 0 && this.#waiting.length === 0;
  }

  #writeSlice(): void {
    const deadline = performance.now() + this.limits.sliceMs;
    let writes = 0;
    for (const [group, roomId] of this.#busy) {
      const before = group.bytes;
      writes += group.write(this.limits.turnWrites);
      this.#bytes -= before - group.bytes;
      this.#busy.delete(group);
      // Appended at the end of the map, so that this loop visits it again.
      if (!group.idle) this.#busy.set(group, roomId);
      else if (roomId !== undefined) this.#deleteIfEmpty(roomId, group);
      if (writes >= this.limits.sliceWrites || performance.now() >= deadline) return;
    }
  }

  /** Resumes one waiting caller at a time, since the capacity that it will use is unknown. */
  #resumeOneWaiter(): void {
    const index = this.#waiting.findIndex(({ roomId }) => this.hasCapacity(roomId));
    if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve();
  }

  #deleteIfEmpty(roomId: string, room: SocketGroup): void {
    if (room.empty && room.idle && this.#rooms.get(roomId) === room) this.#rooms.delete(roomId);
  }
}
