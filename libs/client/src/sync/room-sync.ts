import { MAX_PAGE_SIZE, type ClientPayload, type Message } from '@chat/contracts';
import { Backoff, pause } from '../backoff.ts';
import { ChatError, type ChatErrorCode } from '../chat-error.ts';
import type { Connection } from '../connection/connection.ts';
import { onOnlineChange } from '../connection/online-changes.ts';
import type { Unsubscribe } from '../emitter.ts';
import type { RestClient } from '../rest/rest-client.ts';
import { stateUpdate } from '../timeline/message-update.ts';
import { Timeline, type AppliedChange } from '../timeline/timeline.ts';
import {
  fromMessageChanged,
  fromReceivedMessage,
  fromRoomHead,
  type LiveChange,
} from './live-change.ts';
import { RoomChanges } from './room-changes.ts';
import type { RoomSyncListener } from './room-sync-listener.ts';

/** Most changes to catch up; a timeline further behind is replaced by the newest page. */
const MAX_CATCH_UP = 1_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;

/** Errors that are not retried. */
const FINAL_CODES: ReadonlySet<ChatErrorCode> = new Set<ChatErrorCode>([
  'NOT_FOUND',
  'FORBIDDEN',
  'VALIDATION',
  'CLOSED',
]);

/** Dependencies of the sync engine. */
interface RoomSyncContext {
  connection: Connection;
  rest: RestClient;
  /** Id of the signed-in user. */
  ownUserId: () => string | undefined;
}

/**
 * The sync engine of one room: joins it, loads the newest page, and applies live and missed changes
 * to the timeline in the order of `rev`, across disconnects.
 */
export class RoomSync {
  readonly #roomId: string;
  readonly #context: RoomSyncContext;
  readonly #listener: RoomSyncListener;
  readonly #stopListening: Unsubscribe[];
  readonly #changes = new RoomChanges();
  #following = false;
  #joined = false;
  /** Head of the room when it was joined. */
  #joinHead = { seq: 0, rev: 0 };
  #running = false;
  /** Aborts the wait between two attempts when the connection changes. */
  #backoffWait: AbortController | undefined;
  /** Incremented when joins become invalid: on a new connection and when stopped. */
  #epoch = 0;

  constructor(roomId: string, context: RoomSyncContext, listener: RoomSyncListener) {
    this.#roomId = roomId;
    this.#context = context;
    this.#listener = listener;
    const { connection, ownUserId } = context;
    this.#stopListening = [
      onOnlineChange(connection, () => {
        this.#invalidateJoin();
        this.#catchUp();
      }),
      connection.on('receiveMessage', (message) => {
        if (message.roomId !== roomId) return;
        this.#receive(message.rev, fromReceivedMessage(message, ownUserId()));
      }),
      connection.on('messageChanged', (event) => {
        if (event.roomId !== roomId) return;
        this.#receive(event.rev, fromMessageChanged(event, ownUserId()));
      }),
      connection.on('roomHeads', (heads) => {
        const own = heads.find((head) => head.roomId === roomId);
        if (own) this.#receive(own.rev, fromRoomHead(own));
      }),
    ];
  }

  /** The room's timeline, from the first page on; a new object after each replacement. */
  get timeline(): Timeline | undefined {
    return this.#changes.timeline;
  }

  /** Whether the timeline is up to date and follows the room. */
  get live(): boolean {
    return this.#joined && this.timeline !== undefined && !this.#isBehind();
  }

  /** Follows the room until `leave()` or `drop()`. */
  start(): void {
    this.#following = true;
    void this.#run();
  }

  /** Stops following and unsubscribes from the room's events. The timeline is retained. */
  leave(): void {
    if (this.#joined) {
      const { connection } = this.#context;
      connection.emit('leaveRoom', { roomId: this.#roomId }).catch(() => undefined);
    }
    this.#stop();
  }

  /** Stops following a room that the user cannot read, and drops its timeline. */
  drop(): void {
    this.#changes.drop();
    this.#stop();
  }

  /** Stops listening to the connection. */
  dispose(): void {
    for (const stop of this.#stopListening) stop();
  }

  #stop(): void {
    this.#following = false;
    this.#invalidateJoin();
  }

  #invalidateJoin(): void {
    this.#epoch += 1;
    this.#joined = false;
    this.#changes.discardHeld();
    this.#backoffWait?.abort();
  }

  /** @param change undefined for a change that has to be read from the server */
  #receive(rev: number, change: LiveChange | undefined): void {
    if (!this.#following) return;
    const { head, rev: before } = this.#changes;
    if (!change) {
      if (this.#changes.raiseHead(rev)) this.#catchUp();
      return;
    }
    // During a run it is held: the response to the request in flight comes first.
    const applied = this.#changes.receive(change, this.#joined && !this.#running);
    if (this.#changes.rev > before) this.#report(applied);
    else if (this.#changes.head > head) this.#catchUp();
  }

  #catchUp(): void {
    this.#listener.changed();
    void this.#run();
  }

  /** Whether the timeline is out of date and there is a connection to update it. */
  #isBehind(): boolean {
    if (!this.#following || !this.#context.connection.online) return false;
    return !this.#joined || this.#changes.mustLoad || this.#changes.incomplete;
  }

  /** Joins, loads and fills gaps until the timeline is up to date; one run at a time. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    while (this.#isBehind()) {
      const epoch = this.#epoch;
      try {
        if (!this.#joined) await this.#join(epoch);
        else if (this.#changes.mustLoad) await this.#loadNewest(epoch);
        else await this.#fillGap(epoch);
        if (epoch === this.#epoch) this.#applyHeld();
        backoff.reset();
      } catch (error) {
        if (epoch !== this.#epoch) continue;
        const { code, retryAfterMs } = error as ChatError;
        if (FINAL_CODES.has(code)) this.#listener.rejected(error as ChatError);
        else {
          this.#backoffWait = new AbortController();
          await pause(backoff.next(retryAfterMs), this.#backoffWait.signal);
        }
      }
    }
    this.#running = false;
    this.#listener.changed();
  }

  async #join(epoch: number): Promise<void> {
    const since = this.#changes.mustLoad ? undefined : this.#changes.rev;
    const payload: ClientPayload<'joinRoom'> =
      since === undefined ? { roomId: this.#roomId } : { roomId: this.#roomId, since };
    const { connection } = this.#context;
    const { seq, rev, role, changes, complete } = await connection.emit('joinRoom', payload);
    if (epoch !== this.#epoch) return;
    this.#joined = true;
    this.#joinHead = { seq, rev };
    this.#listener.joined(role);
    this.#changes.setHead(rev);
    if (since === undefined) return;
    // The store has a lower rev than before: it was restored from a backup.
    if (rev < since) this.#changes.requireLoad();
    else if (complete && changes) this.#apply(changes, rev, true);
  }

  async #loadNewest(epoch: number): Promise<void> {
    const replaced = this.timeline !== undefined;
    // At first, messages after the join are new; a replaced timeline reports none of its page.
    const from = replaced ? { seq: Infinity, rev: this.#changes.head } : this.#joinHead;
    const { rest, ownUserId } = this.#context;
    const page = await rest.history(this.#roomId);
    if (epoch !== this.#epoch) return;
    const { messages, seq, rev } = page;
    const start = { messages, seq: Math.min(from.seq, seq), rev: Math.min(from.rev, rev) };
    this.#changes.load(new Timeline(start, ownUserId()));
    this.#listener.loaded(page, replaced);
  }

  async #fillGap(epoch: number): Promise<void> {
    const { rev: since, head } = this.#changes;
    if (head - since > MAX_CATCH_UP) {
      this.#changes.requireLoad();
      return;
    }
    const page = await this.#context.rest.changes(this.#roomId, since, MAX_PAGE_SIZE);
    const { rev, changes, complete } = page;
    if (epoch !== this.#epoch) return;
    if (rev < since) {
      this.#changes.requireLoad();
      return;
    }
    if (rev === since && (!complete || since < head)) {
      throw new ChatError('UNAVAILABLE', 'The newest messages are not available yet.');
    }
    this.#changes.raiseHead(rev);
    this.#apply(changes, rev, complete);
    if (this.#changes.awaitsMissing) {
      throw new ChatError('UNAVAILABLE', 'A changed message is not available yet.');
    }
  }

  /** Applies the messages that changed up to `coveredRev`; see `RoomChanges.apply`. */
  #apply(changes: readonly Message[], coveredRev: number, complete: boolean): void {
    this.#report(this.#changes.apply(changes.map(stateUpdate), coveredRev, complete));
  }

  #applyHeld(): void {
    const { rev } = this.#changes;
    const applied = this.#changes.applyHeld();
    if (this.#changes.rev > rev) this.#report(applied);
  }

  #report(applied: readonly AppliedChange[]): void {
    this.#listener.applied(applied);
    if (this.#isBehind()) void this.#run();
  }
}
