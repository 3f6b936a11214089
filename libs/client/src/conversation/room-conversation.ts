import {
  DEFAULT_PAGE_SIZE,
  MAX_PAGE_SIZE,
  type ClientPayload,
  type Message,
  type Role,
  type RoomHead,
} from '@chat/contracts';
import { Backoff, pause } from '../backoff.ts';
import { ChatError, type ChatErrorCode } from '../chat-error.ts';
import type { Connection } from '../connection/connection.ts';
import { Emitter, type Unsubscribe } from '../emitter.ts';
import { MessageWindow } from '../timeline/message-window.ts';
import { type Observable, ObservableState } from '../observable.ts';
import type { Outbox, OutboxEntry } from '../outbox/outbox.ts';
import type { RestClient } from '../rest/rest-client.ts';
import type { Session } from '../session/session.ts';

/** A window that is more changes behind than this is reset to the newest page. */
const MAX_CATCH_UP = 1_000;
const MAX_BUFFERED = 1_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;

/** Errors that are not retried. */
const FINAL_CODES: ReadonlySet<ChatErrorCode> = new Set<ChatErrorCode>([
  'NOT_FOUND',
  'FORBIDDEN',
  'VALIDATION',
  'CLOSED',
]);

export interface RoomState {
  readonly roomId: string;
  /**
   * `closed`: before `open()` or after `close()`; `opening`: loading the first page; `open`: the
   * window is loaded; `removed`: the user cannot or can no longer read the room, see `error`.
   */
  readonly status: 'closed' | 'opening' | 'open' | 'removed';
  /** Whether the window is up to date: false before the first page, offline and in catch-up. */
  readonly live: boolean;
  /** Contiguous by `seq`, oldest first. */
  readonly messages: readonly Message[];
  /** Own messages that are not in `messages` yet, in the order of sending. Show them below. */
  readonly pending: readonly OutboxEntry[];
  /** Whether there are older messages than the first of `messages`. */
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
  /** Rev of the last change that `messages` includes. */
  readonly rev: number;
  /** How often the window was reset to the newest page because too many changes were missed. */
  readonly resets: number;
  readonly role?: Role;
  readonly error?: ChatError;
}

export interface RoomEvents {
  /**
   * A change after the first page: a new message, or a message with a new `rev`. Emitted once each,
   * in the order of `rev`.
   */
  message: Message;
  /** The window was reset to the newest page; the changes in between were not emitted. */
  reset: { roomId: string };
  /** The user cannot or can no longer read the room. */
  removed: { roomId: string; error: ChatError };
}

/** Dependencies of a conversation. */
export interface RoomContext {
  session: Session;
  connection: Connection;
  rest: RestClient;
  outbox: Outbox;
}

/** One room, with a window of its messages that stays gapless across disconnects. */
export class RoomConversation implements Observable<RoomState> {
  readonly roomId: string;
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #rest: RestClient;
  readonly #outbox: Outbox;
  readonly #events = new Emitter<RoomEvents>();
  readonly #observable = new ObservableState<RoomState>(() => this.#computeSnapshot());
  readonly #stopListening: Unsubscribe[];

  /** Set between `open()` and `close()`; resolves with the first page. */
  #opening: PromiseWithResolvers<void> | undefined;
  #stopRetaining: Unsubscribe | undefined;
  #window: MessageWindow | undefined;
  /** Rev of the last change that the window includes. */
  #rev = 0;
  /** Rev of the last change known to exist. */
  #head = 0;
  /** Live messages that wait for earlier changes, by rev. */
  readonly #buffer = new Map<number, Message>();
  #joined = false;
  #mustReset = false;
  #syncing = false;
  /** Aborts the wait between two attempts when the connection changes. */
  #backoffWait: AbortController | undefined;
  #wasOnline: boolean;
  #disposed = false;
  /** Incremented when joins become invalid: on a new connection and on `close()`. */
  #epoch = 0;
  #loadingOlder: Promise<void> | undefined;
  #resets = 0;
  #role: Role | undefined;
  #removalError: ChatError | undefined;
  /** Keys of own messages in the window; see `sendKey`. */
  #ownSends = new Set<string>();

  constructor(roomId: string, { session, connection, rest, outbox }: RoomContext) {
    this.roomId = roomId;
    this.#session = session;
    this.#connection = connection;
    this.#rest = rest;
    this.#outbox = outbox;
    this.#wasOnline = connection.online;
    this.#stopListening = [
      connection.subscribe(() => this.#followConnection()),
      connection.on('receiveMessage', (message) => {
        if (message.roomId === roomId) this.#handleMessage(message);
      }),
      connection.on('roomHeads', (heads) => this.#handleRoomHeads(heads)),
      connection.on('roomRemoved', (removed) => {
        if (removed.roomId === roomId) this.#endAsRemoved(noLongerMemberError());
      }),
      connection.on('memberChanged', (change) => {
        if (change.roomId === roomId && change.userId === session.user?.id && change.role) {
          this.#role = change.role;
          this.#observable.invalidate();
        }
      }),
      outbox.subscribe(() => this.#observable.invalidate()),
    ];
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): RoomState => this.#observable.getSnapshot();

  on<E extends keyof RoomEvents>(
    event: E,
    listener: (payload: RoomEvents[E]) => void,
  ): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /**
   * Joins the room and loads its newest messages; the window then follows the room, across
   * reconnects too, until `close()`. Joining a public room makes the user a member. Resolves when
   * the first page is loaded, however long the server is unreachable; idempotent.
   * @throws ChatError NOT_FOUND, FORBIDDEN, VALIDATION, or CLOSED when closed meanwhile
   */
  open(): Promise<void> {
    if (this.#disposed) return Promise.reject(closedError());
    if (!this.#opening) {
      this.#opening = Promise.withResolvers<void>();
      // Callers may ignore the promise: the snapshot has the error, too.
      this.#opening.promise.catch(() => undefined);
      this.#stopRetaining = this.#outbox.retainSent(this.roomId);
      this.#removalError = undefined;
      if (this.#window) this.#opening.resolve();
      this.#observable.invalidate();
      void this.#sync();
    }
    return this.#opening.promise;
  }

  /** Stops following the room. The window is retained, and the next `open()` updates it. */
  close(): void {
    if (!this.#opening) return;
    if (this.#joined) {
      this.#connection.emit('leaveRoom', { roomId: this.roomId }).catch(() => undefined);
    }
    this.#stopFollowing(closedError());
    this.#observable.invalidate();
  }

  /** Loads the page before the first message, if any. @throws ChatError as `rest.history` */
  loadOlder(): Promise<void> {
    if (!this.#window?.hasOlder) return Promise.resolve();
    if (!this.#loadingOlder) {
      this.#loadingOlder = this.#loadPageBefore(this.#window).finally(() => {
        this.#loadingOlder = undefined;
        this.#observable.invalidate();
      });
      this.#observable.invalidate();
    }
    return this.#loadingOlder;
  }

  /** Same as `outbox.send(roomId, text)`. */
  send(text: string): OutboxEntry {
    return this.#outbox.send(this.roomId, text);
  }

  /** Closes permanently and removes all listeners. */
  dispose(): void {
    this.close();
    this.#disposed = true;
    for (const stop of this.#stopListening) stop();
    this.#events.clear();
  }

  #followConnection(): void {
    const { online } = this.#connection;
    if (online === this.#wasOnline) return;
    this.#wasOnline = online;
    this.#invalidateJoin();
    this.#observable.invalidate();
    void this.#sync();
  }

  #handleMessage(message: Message): void {
    if (!this.#opening || message.rev <= this.#rev) return;
    if (!this.#syncing && this.#joined && message.rev === this.#rev + 1) {
      this.#head = Math.max(this.#head, message.rev);
      this.#apply([message], message.rev);
      return;
    }
    if (this.#buffer.size >= MAX_BUFFERED) this.#buffer.clear();
    this.#buffer.set(message.rev, message);
    this.#updateHead(message.rev);
  }

  #handleRoomHeads(heads: RoomHead[]): void {
    const own = heads.find(({ roomId }) => roomId === this.roomId);
    if (own && this.#opening) this.#updateHead(own.rev);
  }

  #updateHead(rev: number): void {
    if (rev <= this.#head) return;
    this.#head = rev;
    this.#observable.invalidate();
    void this.#sync();
  }

  /** Joins, loads and fills gaps until the window is up to date; one run at a time. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    const backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    while (this.#isBehind()) {
      const epoch = this.#epoch;
      try {
        if (!this.#joined) await this.#join(epoch);
        else if (!this.#window || this.#mustReset) await this.#loadNewest(epoch);
        else await this.#fillGap(epoch);
        if (epoch === this.#epoch) this.#applyBuffered();
        backoff.reset();
      } catch (error) {
        if (epoch !== this.#epoch) continue;
        const { code, retryAfterMs } = error as ChatError;
        if (FINAL_CODES.has(code)) this.#endAsRemoved(error as ChatError);
        else {
          this.#backoffWait = new AbortController();
          await pause(backoff.next(retryAfterMs), this.#backoffWait.signal);
        }
      }
    }
    this.#syncing = false;
    this.#observable.invalidate();
  }

  /** Whether the window needs a sync, and there is a connection. */
  #isBehind(): boolean {
    if (!this.#opening || !this.#connection.online) return false;
    return !this.#joined || !this.#window || this.#mustReset || this.#rev < this.#head;
  }

  async #join(epoch: number): Promise<void> {
    const since = this.#window && !this.#mustReset ? this.#rev : undefined;
    const payload: ClientPayload<'joinRoom'> =
      since === undefined ? { roomId: this.roomId } : { roomId: this.roomId, since };
    const { rev, role, changes, complete } = await this.#connection.emit('joinRoom', payload);
    if (epoch !== this.#epoch) return;
    this.#joined = true;
    this.#role = role;
    // Buffered messages were sent after this acknowledgement and are newer.
    this.#head = Math.max(rev, ...this.#buffer.keys());
    if (since === undefined) return;
    // The store has a lower rev than before: it was restored from a backup.
    if (rev < since) this.#mustReset = true;
    else if (complete && changes) this.#apply(changes, rev);
  }

  async #loadNewest(epoch: number): Promise<void> {
    const covered = this.#head;
    const page = await this.#rest.history(this.roomId);
    if (epoch !== this.#epoch) return;
    const replaced = this.#window !== undefined;
    this.#window = new MessageWindow(page.messages);
    this.#rev = Math.min(covered, page.rev);
    this.#mustReset = false;
    this.#ownSends = new Set();
    this.#settleOwnSends(page.messages);
    if (replaced) {
      this.#resets += 1;
      this.#outbox.expireSent(this.roomId);
    }
    this.#opening?.resolve();
    this.#observable.invalidate();
    if (replaced) this.#events.emit('reset', { roomId: this.roomId });
  }

  async #fillGap(epoch: number): Promise<void> {
    if (this.#head - this.#rev > MAX_CATCH_UP) {
      this.#mustReset = true;
      return;
    }
    const before = this.#rev;
    const { rev, changes } = await this.#rest.changes(this.roomId, before, MAX_PAGE_SIZE);
    if (epoch !== this.#epoch) return;
    if (rev < before) {
      this.#mustReset = true;
      return;
    }
    if (rev === before) {
      throw new ChatError('UNAVAILABLE', 'The newest messages are not available yet.');
    }
    this.#head = Math.max(this.#head, rev);
    this.#apply(changes, rev);
  }

  #applyBuffered(): void {
    if (!this.#window || this.#mustReset) return;
    const next: Message[] = [];
    for (;;) {
      const message = this.#buffer.get(this.#rev + 1 + next.length);
      if (!message) break;
      next.push(message);
    }
    if (next.length > 0) this.#apply(next, this.#rev + next.length);
    for (const rev of this.#buffer.keys()) if (rev <= this.#rev) this.#buffer.delete(rev);
  }

  /** Applies changes in the order of `rev`; `rev` is the last one that they cover. */
  #apply(changes: readonly Message[], rev: number): void {
    const fresh = changes.filter((change) => change.rev > this.#rev);
    for (const message of fresh) this.#window?.apply(message);
    this.#rev = rev;
    this.#settleOwnSends(fresh);
    if (rev >= this.#head && this.#window?.incomplete) {
      this.#mustReset = true;
      void this.#sync();
    }
    this.#observable.invalidate();
    for (const message of fresh) this.#events.emit('message', message);
  }

  /** Removes own messages that are in the window from the outbox. */
  #settleOwnSends(messages: readonly Message[]): void {
    const userId = this.#session.user?.id;
    for (const message of messages) {
      if (message.userId !== userId || message.clientMessageId === undefined) continue;
      this.#ownSends.add(sendKey(message));
      this.#outbox.removeReceived(message);
    }
  }

  async #loadPageBefore(window: MessageWindow): Promise<void> {
    const { messages } = await this.#rest.history(this.roomId, {
      before: window.firstSeq,
      limit: DEFAULT_PAGE_SIZE,
    });
    if (window !== this.#window) return;
    window.prepend(messages);
    this.#settleOwnSends(messages);
  }

  #endAsRemoved(error: ChatError): void {
    this.#window = undefined;
    this.#rev = 0;
    this.#ownSends = new Set();
    this.#removalError = error;
    this.#stopFollowing(error);
    this.#observable.invalidate();
    this.#events.emit('removed', { roomId: this.roomId, error });
  }

  #stopFollowing(reason: ChatError): void {
    this.#opening?.reject(reason);
    this.#opening = undefined;
    this.#stopRetaining?.();
    this.#stopRetaining = undefined;
    this.#invalidateJoin();
  }

  #invalidateJoin(): void {
    this.#epoch += 1;
    this.#joined = false;
    this.#buffer.clear();
    this.#backoffWait?.abort();
  }

  #computeSnapshot(): RoomState {
    const pending = this.#outbox
      .getSnapshot()
      .entries.filter(
        (entry) => entry.roomId === this.roomId && !this.#ownSends.has(sendKey(entry)),
      );
    return {
      roomId: this.roomId,
      status: this.#status(),
      live: this.#joined && this.#window !== undefined && !this.#isBehind(),
      messages: this.#window?.messages ?? [],
      pending,
      hasOlder: this.#window?.hasOlder ?? false,
      loadingOlder: this.#loadingOlder !== undefined,
      rev: this.#rev,
      resets: this.#resets,
      ...(this.#role && { role: this.#role }),
      ...(this.#removalError && { error: this.#removalError }),
    };
  }

  #status(): RoomState['status'] {
    if (this.#removalError) return 'removed';
    if (!this.#opening) return 'closed';
    return this.#window ? 'open' : 'opening';
  }
}

/** Returns the key of an own message in its room: one `clientMessageId` may have several texts. */
function sendKey({
  clientMessageId = '',
  text,
}: Pick<Message, 'clientMessageId' | 'text'>): string {
  return `${clientMessageId} ${text}`;
}

function closedError(): ChatError {
  return new ChatError('CLOSED', 'The room was closed.');
}

function noLongerMemberError(): ChatError {
  return new ChatError('NOT_FOUND', 'You’re no longer a member of this room.');
}
