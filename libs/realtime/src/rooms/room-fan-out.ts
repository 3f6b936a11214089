import type { Message, ServerEvent, ServerPayload } from '@chat/contracts';
import type { ChatSocket } from '../chat-socket.ts';
import { EncodedEvent } from '../encoded-event.ts';
import { Audience } from './audience.ts';

/** How much is done before pings, acknowledgements, probes and all else get their turn. */
export interface FanOutLimits {
  /** Writes of one slice, about. Each may cost as much again later, when the socket drains. */
  readonly sliceWrites: number;
  /** Time of one slice, in milliseconds, about. */
  readonly sliceMs: number;
  /** Writes of one room before the next room has its turn, about. */
  readonly turnWrites: number;
  /** Unwritten events of one room beyond which it has no space for changes, in bytes. */
  readonly roomBytes: number;
  /** The same of all rooms together. */
  readonly totalBytes: number;
}

const DEFAULT_LIMITS: FanOutLimits = {
  sliceWrites: 500,
  sliceMs: 10,
  turnWrites: 50,
  roomBytes: 256 * 1024,
  totalBytes: 16 * 1024 * 1024,
};

/** Events about the state of a room: a later one makes an earlier one of the same subject needless. */
export type RoomEvent = 'memberChanged' | 'roomHeads' | 'roomUpdated';

const SUBJECTS: { readonly [E in RoomEvent]: (payload: ServerPayload<E>) => string } = {
  memberChanged: ({ userId }) => `member ${userId}`,
  roomHeads: () => 'heads',
  roomUpdated: () => 'room',
};

interface WaitingForSpace {
  readonly roomId: string;
  readonly resolve: () => void;
}

/**
 * Writes the events of rooms to their sockets in slices of the event loop, room
 * by room in turn. Each socket is written a room's events in their order.
 */
export class RoomFanOut {
  readonly #rooms = new Map<string, Audience>();
  /** Those with unwritten events, in the order of their turns, and the ids of those that are rooms. */
  readonly #busy = new Map<Audience, string | undefined>();
  readonly #waiting: WaitingForSpace[] = [];
  #whenIdle: (() => void)[] = [];
  #bytes = 0;
  #scheduled = false;

  constructor(private readonly limits: FanOutLimits = DEFAULT_LIMITS) {}

  /**
   * From now on the socket is written what is sent to the room, and nothing that was sent before.
   * One that is in the room already is written at once what was sent before and it still lacks.
   * Returns false when that closed the socket: it is not in the room then.
   */
  enter(roomId: string, socket: ChatSocket): boolean {
    const room = this.#rooms.get(roomId) ?? new Audience();
    this.#rooms.set(roomId, room);
    return room.enter(socket);
  }

  /** From now on the socket is written nothing of the room, not even what was sent before. */
  leave(roomId: string, socket: ChatSocket): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    room.leave(socket);
    this.#forgetIfEmpty(roomId, room);
  }

  socketsIn(roomId: string): ChatSocket[] {
    return this.#rooms.get(roomId)?.sockets() ?? [];
  }

  /**
   * The caller waits for space before, or else memory is not bounded.
   *
   * @param written called once every socket was written all of them
   */
  sendChanges(roomId: string, changes: readonly Message[], written: () => void): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    const last = changes.at(-1);
    for (const change of changes) {
      const event = new EncodedEvent('receiveMessage', change);
      this.#push(room, roomId, change, event, change === last ? written : undefined);
    }
  }

  /** An event that waits already and is about the same is not sent any more. */
  send<E extends RoomEvent>(roomId: string, event: E, payload: ServerPayload<E>): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    this.#push(room, roomId, SUBJECTS[event](payload), new EncodedEvent(event, payload));
  }

  /** Sends to these sockets, whatever rooms they are in. */
  sendTo<E extends ServerEvent>(
    sockets: Iterable<ChatSocket>,
    event: E,
    payload: ServerPayload<E>,
  ): void {
    const audience = new Audience();
    for (const socket of sockets) audience.enter(socket);
    this.#push(audience, undefined, event, new EncodedEvent(event, payload));
  }

  hasSpace(roomId: string): boolean {
    const room = this.#rooms.get(roomId);
    if (!room) return true;
    return room.bytes < this.limits.roomBytes && this.#bytes < this.limits.totalBytes;
  }

  /** Resolves when the room may have space: those that wait are let in one by one. */
  whenSpace(roomId: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ roomId, resolve });
      this.#schedule();
    });
  }

  /** Resolves once nothing is unwritten. */
  whenIdle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #push(
    audience: Audience,
    roomId: string | undefined,
    subject: unknown,
    event: EncodedEvent,
    written?: () => void,
  ): void {
    const before = audience.bytes;
    audience.push(subject, event, written);
    this.#bytes += audience.bytes - before;
    this.#busy.set(audience, roomId);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#writeSlice();
      if (this.#isIdle) for (const resolve of this.#whenIdle.splice(0)) resolve();
      this.#letOneIn();
      if (!this.#isIdle || this.#whenIdle.length > 0) this.#schedule();
    });
  }

  /** What waits for space is unwritten, too. */
  get #isIdle(): boolean {
    return this.#busy.size === 0 && this.#waiting.length === 0;
  }

  #writeSlice(): void {
    const deadline = performance.now() + this.limits.sliceMs;
    let writes = 0;
    for (const [audience, roomId] of this.#busy) {
      const before = audience.bytes;
      writes += audience.write(this.limits.turnWrites);
      this.#bytes -= before - audience.bytes;
      this.#busy.delete(audience);
      // To the end of the line: this loop comes to it again.
      if (!audience.idle) this.#busy.set(audience, roomId);
      else if (roomId !== undefined) this.#forgetIfEmpty(roomId, audience);
      if (writes >= this.limits.sliceWrites || performance.now() >= deadline) return;
    }
  }

  /** One at a time: how much space it takes is not known before. */
  #letOneIn(): void {
    const index = this.#waiting.findIndex(({ roomId }) => this.hasSpace(roomId));
    if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve();
  }

  #forgetIfEmpty(roomId: string, room: Audience): void {
    if (room.empty && room.idle && this.#rooms.get(roomId) === room) this.#rooms.delete(roomId);
  }
}
