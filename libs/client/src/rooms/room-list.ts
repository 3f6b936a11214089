import type { RoomSummary } from '@chat/contracts';
import { Backoff, pause } from '../backoff.ts';
import type { ChatError } from '../chat-error.ts';
import type { Connection } from '../connection/connection.ts';
import { onOnlineChange } from '../connection/online-changes.ts';
import type { Unsubscribe } from '../emitter.ts';
import { type Observable, ObservableState } from '../observable.ts';
import type { ReadPositions } from '../read-positions/read-positions.ts';
import type { RestClient } from '../rest/rest-client.ts';
import type { Session } from '../session/session.ts';
import { onUserChange } from '../session/user-changes.ts';
import {
  byActivity,
  withChange,
  withHead,
  withLastMessage,
  withMessage,
  withReadPosition,
} from './room-summary.ts';

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 5_000;

export interface RoomListState {
  /** `loading` until the first response; a refresh retains the rooms. */
  readonly status: 'loading' | 'ready';
  /** Rooms that the user is a member of, latest activity first. */
  readonly rooms: readonly RoomSummary[];
  /** Error of the latest refresh; it is retried automatically. */
  readonly error?: ChatError;
}

/** The user's rooms, updated by events and refreshed after every reconnect. */
export class RoomList implements Observable<RoomListState> {
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #rest: RestClient;
  readonly #readPositions: ReadPositions;
  readonly #observable = new ObservableState<RoomListState>(() => this.#state);
  readonly #stopListening: Unsubscribe[];
  readonly #ending = new AbortController();
  #state: RoomListState = { status: 'loading', rooms: [] };
  #refreshing: Promise<void> | undefined;
  /** Whether a change occurred after the request in flight was sent: its response may be stale. */
  #outdated = false;

  constructor(
    session: Session,
    connection: Connection,
    rest: RestClient,
    readPositions: ReadPositions,
  ) {
    this.#session = session;
    this.#connection = connection;
    this.#rest = rest;
    this.#readPositions = readPositions;
    this.#stopListening = [
      onUserChange(session, () => this.#set({ status: 'loading', rooms: [] })),
      onOnlineChange(connection, (online) => {
        if (online) void this.refresh();
      }),
      connection.on('roomAdded', () => void this.refresh()),
      connection.on('roomRemoved', ({ roomId }) => {
        this.#setRooms(this.#state.rooms.filter(({ id }) => id !== roomId));
        if (this.#refreshing) this.#outdated = true;
      }),
      connection.on('roomUpdated', (room) => {
        this.#update(room.id, (summary) => ({ ...summary, ...room }));
      }),
      connection.on('memberChanged', ({ roomId, userId, role }) => {
        if (userId === session.user?.id && role)
          this.#update(roomId, (room) => ({ ...room, role }));
      }),
      connection.on('receiveMessage', ({ since: _, ...message }) => {
        this.#update(message.roomId, (room) => withMessage(room, message, session.user?.id));
      }),
      connection.on('messageChanged', (change) => {
        this.#update(change.roomId, (room) => withChange(room, change, session.user?.id));
      }),
      connection.on('roomHeads', (heads) => {
        for (const head of heads) this.#update(head.roomId, (room) => withHead(room, head));
      }),
      readPositions.on('moved', ({ roomId, lastReadSeq }) => {
        this.#update(roomId, (room) => withReadPosition(room, lastReadSeq));
        if (this.#refreshing) this.#outdated = true;
      }),
    ];
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): RoomListState => this.#observable.getSnapshot();

  /**
   * Refetches the list and resolves when that is done. Never rejects: the snapshot has the error,
   * and the request is retried while there is a connection.
   */
  refresh(): Promise<void> {
    if (this.#refreshing) this.#outdated = true;
    this.#refreshing ??= this.#refresh();
    return this.#refreshing;
  }

  /** Stops all updates. */
  close(): void {
    this.#ending.abort();
    for (const stop of this.#stopListening) stop();
  }

  async #refresh(): Promise<void> {
    try {
      await this.#fetchUntilCurrent();
    } finally {
      this.#refreshing = undefined;
    }
  }

  async #fetchUntilCurrent(): Promise<void> {
    const backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    do {
      this.#outdated = false;
      const userId = this.#session.user?.id;
      try {
        const rooms = await this.#rest.rooms();
        if (userId !== this.#session.user?.id) this.#outdated = true;
        else this.#merge(rooms);
      } catch (error) {
        if (this.#ending.signal.aborted || this.#session.user?.id === undefined) return;
        this.#set({ ...this.#state, error: error as ChatError });
        if (!this.#connection.online) return;
        this.#outdated = true;
        await pause(backoff.next((error as ChatError).retryAfterMs), this.#ending.signal);
      }
    } while (
      this.#outdated &&
      this.#session.user?.id !== undefined &&
      !this.#ending.signal.aborted
    );
  }

  #merge(rooms: RoomSummary[]): void {
    const known = new Map(this.#state.rooms.map((room) => [room.id, room]));
    const merged = rooms.map((room) => {
      const unacknowledged = this.#readPositions.unacknowledged(room.id) ?? 0;
      const isAhead = unacknowledged > (room.lastReadSeq ?? 0);
      const read = isAhead ? withReadPosition(room, unacknowledged) : room;
      // A message may have arrived while the request was in flight.
      return withLastMessage(read, known.get(room.id)?.lastMessage);
    });
    this.#set({ status: 'ready', rooms: byActivity(merged) });
  }

  #update(roomId: string, change: (room: RoomSummary) => RoomSummary): void {
    const known = this.#state.rooms.find(({ id }) => id === roomId);
    if (!known) return;
    const changed = change(known);
    if (changed === known) return;
    this.#setRooms(byActivity(this.#state.rooms.map((room) => (room === known ? changed : room))));
  }

  #setRooms(rooms: readonly RoomSummary[]): void {
    this.#set({ ...this.#state, rooms });
  }

  #set(state: RoomListState): void {
    this.#state = state;
    this.#observable.invalidate();
  }
}
