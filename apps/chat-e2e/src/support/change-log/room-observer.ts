import { isDeepStrictEqual } from 'node:util';
import {
  SERVER_EVENTS,
  type Ack,
  type JoinRoomResult,
  type ServerEvent,
  type ServerPayload,
} from '@chat/contracts';
import type { ClientSocket, TestUser } from '../test-user.ts';
import { RoomState } from './room-state.ts';

/** A socket in a room: checks every event against its schema and applies it to the state. */
export class RoomObserver {
  /** What was wrong with the events. */
  readonly violations: string[] = [];
  /** The state at the join and after each event, in order. */
  readonly states: [RoomState, ...RoomState[]];

  private constructor(
    readonly user: TestUser,
    readonly socket: ClientSocket,
    { roomId, rev, changes = [], complete }: JoinRoomResult,
  ) {
    if (!complete) throw new Error(`the acknowledgement of the join of ${roomId} is incomplete`);
    this.states = [new RoomState(changes, rev)];
    socket.onAny((event: string, payload: unknown) => this.#handle(roomId, event, payload));
  }

  /** Joins a room with a new socket; the state begins with the acknowledgement. */
  static async join(user: TestUser, roomId: string): Promise<RoomObserver> {
    const socket = await user.connect();
    return new Promise((resolve, reject) => {
      // In the callback, so that no event is missed after the acknowledgement.
      socket.emit('joinRoom', { roomId, since: 0 }, (ack: Ack<JoinRoomResult>) => {
        if (ack.ok) resolve(new RoomObserver(user, socket, ack));
        else reject(new Error(ack.error.message));
      });
    });
  }

  get state(): RoomState {
    return this.states.at(-1) ?? this.states[0];
  }

  #handle(roomId: string, event: string, payload: unknown): void {
    const violation = violationOf(event, payload);
    if (violation) return void this.violations.push(violation);
    const state = this.state.copy();
    try {
      apply(state, roomId, event as ServerEvent, payload);
      this.states.push(state);
    } catch (error) {
      this.violations.push(`${event} ${JSON.stringify(payload)}: ${(error as Error).message}`);
    }
  }
}

/** Returns how an event differs from the contract; undefined if it does not. */
function violationOf(event: string, payload: unknown): string | undefined {
  if (!(event in SERVER_EVENTS)) return `unknown event ${event}`;
  const { success, data, error } = SERVER_EVENTS[event as ServerEvent].payload.safeParse(payload);
  if (!success) return `${event} ${JSON.stringify(payload)}: ${error.message}`;
  if (isDeepStrictEqual(data, payload)) return undefined;
  return `${event} ${JSON.stringify(payload)} has fields that its schema lacks`;
}

function apply(state: RoomState, roomId: string, event: ServerEvent, payload: unknown): void {
  if (event === 'receiveMessage') {
    state.receive(payload as ServerPayload<'receiveMessage'>);
  } else if (event === 'messageChanged') {
    state.change(payload as ServerPayload<'messageChanged'>);
  } else if (event === 'roomHeads') {
    const head = (payload as ServerPayload<'roomHeads'>).find((known) => known.roomId === roomId);
    if (head) state.head(head);
  }
}
