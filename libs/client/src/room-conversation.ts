import {
  DEFAULT_PAGE_SIZE,
  MAX_PAGE_SIZE,
  type ClientPayload,
  type Message,
  type Role,
  type RoomHead,
} from '@chat/contracts';
import { Backoff, pause } from './backoff.ts';
import { ChatError, type ChatErrorCode } from './chat-error.ts';
import type { Connection } from './connection.ts';
import { Emitter, type Unsubscribe } from './emitter.ts';
import { MessageWindow } from './message-window.ts';
import { type Observable, ObservableState } from './observable.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
import type { RestClient } from './rest-client.ts';
import type { Session } from './session.ts';

/** A room that is further behind than this starts anew with its newest page. */
const MAX_CATCH_UP = 1_000;
const MAX_BUFFERED = 1_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;

/** After these there is no point in asking again. */
const FINAL_CODES: ReadonlySet<ChatErrorCode> = new Set<ChatErrorCode>([
  'NOT_FOUND',
  'FORBIDDEN',
  'VALIDATION',
  'CLOSED',
]);

export interface RoomState {
  readonly roomId: string;
  /**
   * `closed`: nobody called `open()`; `opening`: the first page is on its way; `open`; `removed`:
   * the user may not read the room (any more), `error` says why.
   */
  readonly status: 'closed' | 'opening' | 'open' | 'removed';
  /** False while something newer may exist: before the first page, offline, or catching up. */
  readonly live: boolean;
  /** Contiguous by `seq`, oldest first: never with a hole. */
  readonly messages: readonly Message[];
  /** Own messages that are not in `messages` yet, in the order they were sent. Show them below. */
  readonly pending: readonly OutboxEntry[];
  /** Whether there are messages before the first of `messages`. */
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
  /** The last change of the room that `messages` includes. */
  readonly rev: number;
  /** How often the window was replaced by the newest page because too much was missed. */
  readonly resets: number;
  readonly role?: Role;
  readonly error?: ChatError;
}

export interface RoomEvents {
  /**
   * A change after the first page: a new message, or a message with its new `rev`. Once each, in
   * the order of `rev`.
   */
  message: Message;
  /** Too much was missed: the window is the newest page now, what lies between was not emitted. */
  reset: { roomId: string };
  /** The user may not read the room (any more). */
  removed: { roomId: string; error: ChatError };
}

/** What a conversation works with. */
export interface RoomContext {
  session: Session;
  connection: Connection;
  rest: RestClient;
  outbox: Outbox;
}

/** One room: a window of its messages that stays complete over disconnects. */
export class RoomConversation implements Observable<RoomState> {
  readonly roomId: string;
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #rest: RestClient;
  readonly #outbox: Outbox;
  readonly #events = new Emitter<RoomEvents>();
  readonly #observable = new ObservableState<RoomState>(() => this.#takeSnapshot());
  readonly #stopListening: Unsubscribe[];

  /** Set between `open()` and `close()`; resolved by the first page. */
  #opening: PromiseWithResolvers<void> | undefined;
  #stopWatching: Unsubscribe | undefined;
  #window: MessageWindow | undefined;
  /** The last change that the window includes. */
  #rev = 0;
  /** The last change known to exist. */
  #head = 0;
  /** Live events that wait for what comes before them, by rev. */
  readonly #buffer = new Map<number, Message>();
  #joined = false;
  #mustReset = false;
  #syncing = false;
  /** The wait between two attempts; ended early when the connection changes. */
  #pausing: AbortController | undefined;
  #wasOnline: boolean;
  #disposed = false;
  /** Counts joins that are void: those of an earlier connection or before `close()`. */
  #epoch = 0;
  #loadingOlder: Promise<void> | undefined;
  #resets = 0;
  #role: Role | undefined;
  #removal: ChatError | undefined;
  /** Keys of own messages in the window. */
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
        if (message.roomId === roomId) this.#receive(message);
      }),
      connection.on('roomHeads', (heads) => this.#hearHeads(heads)),
      connection.on('roomRemoved', (removed) => {
        if (removed.roomId === roomId) this.#remove(noLongerMember());
      }),
      connection.on('memberChanged', (change) => {
        if (change.roomId === roomId && change.userId === session.user?.id && change.role) {
          this.#role = change.role;
          this.#observable.changed();
        }
      }),
      outbox.subscribe(() => this.#observable.changed()),
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
   * Joins the room and loads its newest messages; from then on the window follows the room, over
   * reconnects too, until `close()`. Joining a public room makes the user a member. Resolves when
   * the first page is there, however long the server is away; calling it again is harmless.
   * @throws ChatError NOT_FOUND, FORBIDDEN, VALIDATION, or CLOSED when closed meanwhile
   */
  open(): Promise<void> {
    if (this.#disposed) return Promise.reject(closed());
    if (!this.#opening) {
      this.#opening = Promise.withResolvers<void>();
      // Who called `open()` may not look at the promise: the snapshot tells the same.
      this.#opening.promise.catch(() => undefined);
      this.#stopWatching = this.#outbox.watch(this.roomId);
      this.#removal = undefined;
      if (this.#window) this.#opening.resolve();
      this.#observable.changed();
      void this.#sync();
    }
    return this.#opening.promise;
  }

  /** Stops following. The window is kept and brought up to date by the next `open()`. */
  close(): void {
    if (!this.#opening) return;
    if (this.#joined) {
      this.#connection.emit('leaveRoom', { roomId: this.roomId }).catch(() => undefined);
    }
    this.#stopFollowing(closed());
    this.#observable.changed();
  }

  /** Loads one page before the first message, if there is one. @throws ChatError as `rest.history` */
  loadOlder(): Promise<void> {
    if (!this.#window?.hasOlder) return Promise.resolve();
    if (!this.#loadingOlder) {
      this.#loadingOlder = this.#loadPageBefore(this.#window).finally(() => {
        this.#loadingOlder = undefined;
        this.#observable.changed();
      });
      this.#observable.changed();
    }
    return this.#loadingOlder;
  }

  /** Same as `outbox.send(roomId, text)`. */
  send(text: string): OutboxEntry {
    return this.#outbox.send(this.roomId, text);
  }

  /** Closes for good: nothing of it listens any more. */
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
    this.#forgetJoin();
    this.#observable.changed();
    void this.#sync();
  }

  #receive(message: Message): void {
    if (!this.#opening || message.rev <= this.#rev) return;
    if (!this.#syncing && this.#joined && message.rev === this.#rev + 1) {
      this.#head = Math.max(this.#head, message.rev);
      this.#apply([message], message.rev);
      return;
    }
    if (this.#buffer.size >= MAX_BUFFERED) this.#buffer.clear();
    this.#buffer.set(message.rev, message);
    this.#hearHead(message.rev);
  }

  #hearHeads(heads: RoomHead[]): void {
    const own = heads.find(({ roomId }) => roomId === this.roomId);
    if (own && this.#opening) this.#hearHead(own.rev);
  }

  #hearHead(rev: number): void {
    if (rev <= this.#head) return;
    this.#head = rev;
    this.#observable.changed();
    void this.#sync();
  }

  /** Joins, loads and fills until the window includes the last change known; one run at a time. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    const backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    while (this.#behind()) {
      const epoch = this.#epoch;
      try {
        if (!this.#joined) await this.#join(epoch);
        else if (!this.#window || this.#mustReset) await this.#loadNewest(epoch);
        else await this.#fill(epoch);
        if (epoch === this.#epoch) this.#takeBuffered();
        backoff.reset();
      } catch (error) {
        if (epoch !== this.#epoch) continue;
        const { code, retryAfterMs } = error as ChatError;
        if (FINAL_CODES.has(code)) this.#remove(error as ChatError);
        else {
          this.#pausing = new AbortController();
          await pause(backoff.next(retryAfterMs), this.#pausing.signal);
        }
      }
    }
    this.#syncing = false;
    this.#observable.changed();
  }

  /** Whether there is something to do, and a connection to do it. */
  #behind(): boolean {
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
    // What is buffered was sent after this answer and is newer.
    this.#head = Math.max(rev, ...this.#buffer.keys());
    if (since === undefined) return;
    // The store is behind what it told before: it was restored to an older state.
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
    this.#recognizeOwn(page.messages);
    if (replaced) {
      this.#resets += 1;
      this.#outbox.windowReplaced(this.roomId);
    }
    this.#opening?.resolve();
    this.#observable.changed();
    if (replaced) this.#events.emit('reset', { roomId: this.roomId });
  }

  async #fill(epoch: number): Promise<void> {
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
      throw new ChatError('UNAVAILABLE', 'The newest messages cannot be read yet.');
    }
    this.#head = Math.max(this.#head, rev);
    this.#apply(changes, rev);
  }

  #takeBuffered(): void {
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

  /** Takes changes in the order of `rev`; `rev` is the last one that they cover. */
  #apply(changes: readonly Message[], rev: number): void {
    const fresh = changes.filter((change) => change.rev > this.#rev);
    for (const message of fresh) this.#window?.apply(message);
    this.#rev = rev;
    this.#recognizeOwn(fresh);
    if (rev >= this.#head && this.#window?.incomplete) {
      this.#mustReset = true;
      void this.#sync();
    }
    this.#observable.changed();
    for (const message of fresh) this.#events.emit('message', message);
  }

  /** Own messages that are in the window are not on their way any more. */
  #recognizeOwn(messages: readonly Message[]): void {
    const userId = this.#session.user?.id;
    for (const message of messages) {
      if (message.userId !== userId || message.clientMessageId === undefined) continue;
      this.#ownSends.add(sendKey(message));
      this.#outbox.seen(message);
    }
  }

  async #loadPageBefore(window: MessageWindow): Promise<void> {
    const { messages } = await this.#rest.history(this.roomId, {
      before: window.firstSeq,
      limit: DEFAULT_PAGE_SIZE,
    });
    if (window !== this.#window) return;
    window.prepend(messages);
    this.#recognizeOwn(messages);
  }

  #remove(error: ChatError): void {
    this.#window = undefined;
    this.#rev = 0;
    this.#ownSends = new Set();
    this.#removal = error;
    this.#stopFollowing(error);
    this.#observable.changed();
    this.#events.emit('removed', { roomId: this.roomId, error });
  }

  #stopFollowing(reason: ChatError): void {
    this.#opening?.reject(reason);
    this.#opening = undefined;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#forgetJoin();
  }

  #forgetJoin(): void {
    this.#epoch += 1;
    this.#joined = false;
    this.#buffer.clear();
    this.#pausing?.abort();
  }

  #takeSnapshot(): RoomState {
    const pending = this.#outbox
      .getSnapshot()
      .entries.filter(
        (entry) => entry.roomId === this.roomId && !this.#ownSends.has(sendKey(entry)),
      );
    return {
      roomId: this.roomId,
      status: this.#status(),
      live: this.#joined && this.#window !== undefined && !this.#behind(),
      messages: this.#window?.messages ?? [],
      pending,
      hasOlder: this.#window?.hasOlder ?? false,
      loadingOlder: this.#loadingOlder !== undefined,
      rev: this.#rev,
      resets: this.#resets,
      ...(this.#role && { role: this.#role }),
      ...(this.#removal && { error: this.#removal }),
    };
  }

  #status(): RoomState['status'] {
    if (this.#removal) return 'removed';
    if (!this.#opening) return 'closed';
    return this.#window ? 'open' : 'opening';
  }
}

/** What identifies an own message within its room: a `clientMessageId` may have several texts. */
function sendKey({
  clientMessageId = '',
  text,
}: Pick<Message, 'clientMessageId' | 'text'>): string {
  return `${clientMessageId} ${text}`;
}

function closed(): ChatError {
  return new ChatError('CLOSED', 'The room was closed.');
}

function noLongerMember(): ChatError {
  return new ChatError('NOT_FOUND', 'You are not in this room any more.');
}
