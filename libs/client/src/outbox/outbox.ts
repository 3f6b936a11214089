import { MAX_TEXT_LENGTH, type Message } from '@chat/contracts';
import { Backoff, pause } from '../backoff.ts';
import { ChatError, type ChatErrorCode } from '../chat-error.ts';
import type { Connection } from '../connection/connection.ts';
import type { Unsubscribe } from '../emitter.ts';
import { type Observable, ObservableState } from '../observable.ts';
import type { OutboxStorage, StoredEntry } from './outbox-storage.ts';
import type { Session } from '../session/session.ts';
import { withLock } from '../with-lock.ts';

const MAX_UNSENT_PER_ROOM = 1_000;
const MAX_INTERNAL_FAILURES = 5;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;
/**
 * How long a sent entry stays when its message may be outside the room's window: a retried message
 * may have been stored long ago.
 */
const SENT_GRACE_MS = 10_000;

/** Errors after which a send is retried without a limit. */
const RETRIED_CODES: ReadonlySet<ChatErrorCode> = new Set<ChatErrorCode>([
  'NETWORK',
  'TIMEOUT',
  'UNAVAILABLE',
  'RATE_LIMITED',
  'UNAUTHORIZED',
]);

/**
 * An unconfirmed message. `waiting`: for the connection or for earlier entries; `sending`: not yet
 * acknowledged; `sent`: stored by the server, not yet received in the room; `failed`: rejected
 * permanently, with `error`.
 */
export interface OutboxEntry {
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly text: string;
  /** ISO date-time by the local clock. */
  readonly createdAt: string;
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  /** Whether the storage has written it, so that it survives a reload or restart. */
  readonly persisted: boolean;
  readonly error?: ChatError;
}

export interface OutboxState {
  /** Unconfirmed messages of the signed-in user in all rooms, in the order of sending. */
  readonly entries: readonly OutboxEntry[];
  /** False after the storage failed: unsent messages may then be lost on a reload. */
  readonly durable: boolean;
}

/** State of the outbox for the signed-in user. */
interface Account {
  userId: string;
  storage: OutboxStorage;
  entries: Map<string, Item>;
  /** Ids of rooms with a running send loop. */
  senders: Set<string>;
  /** Resolves when the entries of earlier sessions have been loaded. */
  loaded: Promise<void>;
  signal: AbortSignal;
  end: () => void;
}

interface Item {
  entry: OutboxEntry;
  /** Resolves to true once the entry is stored, to false when the storage failed. */
  persisted: Promise<boolean>;
  /** Whether the server may have received it before, from an earlier attempt or session. */
  repeated: boolean;
  internalFailures: number;
  expiry?: ReturnType<typeof setTimeout>;
}

/** Retains the user's messages until the server has stored them, across disconnects and reloads. */
export class Outbox implements Observable<OutboxState> {
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #createStorage: (userId: string) => OutboxStorage;
  readonly #observable = new ObservableState<OutboxState>(() => this.#computeSnapshot());
  /** Number of open {@link retainSent} calls by room id. */
  readonly #retainedRooms = new Map<string, number>();
  readonly #stopListening: Unsubscribe[];
  #account: Account | undefined;
  #durable = true;
  #wasOnline = false;

  constructor(
    session: Session,
    connection: Connection,
    createStorage: (userId: string) => OutboxStorage,
  ) {
    this.#session = session;
    this.#connection = connection;
    this.#createStorage = createStorage;
    this.#stopListening = [
      session.subscribe(() => this.#followSession()),
      connection.subscribe(() => this.#followConnection()),
    ];
    this.#followSession();
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): OutboxState => this.#observable.getSnapshot();

  /**
   * Queues a message and returns its entry at once. Messages of a room are delivered in order, once
   * each, as soon as there is a connection.
   * @throws ChatError OUTBOX_FULL (1,000 unsent in the room), VALIDATION (empty or too long),
   *   UNAUTHORIZED when signed out
   */
  send(roomId: string, text: string): OutboxEntry {
    const account = this.#account;
    if (!account) throw new ChatError('UNAUTHORIZED', 'You’re signed out. Sign in to continue.');
    // Normalized as the server stores it: received messages are matched by their text, too.
    const trimmed = text.trim().toWellFormed();
    if (trimmed === '') throw new ChatError('VALIDATION', 'Enter a message.');
    if (trimmed.length > MAX_TEXT_LENGTH) {
      throw new ChatError(
        'VALIDATION',
        `Messages can have up to ${MAX_TEXT_LENGTH} characters; this one has ${trimmed.length}.`,
      );
    }
    const unsent = [...account.entries.values()].filter(
      ({ entry }) => entry.roomId === roomId && entry.state !== 'sent',
    );
    if (unsent.length >= MAX_UNSENT_PER_ROOM) {
      throw new ChatError(
        'OUTBOX_FULL',
        'Too many unsent messages in this room. Try again when some are sent.',
      );
    }

    const entry: OutboxEntry = {
      clientMessageId: newClientMessageId(),
      roomId,
      text: trimmed,
      createdAt: new Date().toISOString(),
      state: 'waiting',
      persisted: false,
    };
    this.#enqueue(account, entry, false);
    return entry;
  }

  /** Sends a failed entry again, after the waiting entries of its room. */
  retry(clientMessageId: string): void {
    const account = this.#account;
    const item = account?.entries.get(clientMessageId);
    if (!account || item?.entry.state !== 'failed') return;
    const { error: _, ...entry } = item.entry;
    account.entries.delete(clientMessageId);
    this.#enqueue(account, { ...entry, state: 'waiting' }, true);
  }

  /** Removes an entry. One that is being sent may still be delivered. */
  discard(clientMessageId: string): void {
    const account = this.#account;
    const item = account?.entries.get(clientMessageId);
    if (account && item) void this.#remove(account, item);
  }

  /**
   * Removes the entry of an own message that was received in its room. The `clientMessageId` alone
   * does not identify it: another client of the user may have used the same one for another text.
   */
  removeReceived({ roomId, clientMessageId = '', text }: Message): void {
    const entry = this.#account?.entries.get(clientMessageId)?.entry;
    if (entry?.roomId === roomId && entry.text === text) this.discard(clientMessageId);
  }

  /**
   * Retains sent entries of a room that is shown until their messages are received there, so that a
   * message never disappears in between. Ends when the returned function is called.
   */
  retainSent(roomId: string): Unsubscribe {
    this.#retainedRooms.set(roomId, (this.#retainedRooms.get(roomId) ?? 0) + 1);
    return () => {
      const left = (this.#retainedRooms.get(roomId) ?? 1) - 1;
      if (left > 0) {
        this.#retainedRooms.set(roomId, left);
        return;
      }
      this.#retainedRooms.delete(roomId);
      for (const item of this.#sentIn(roomId)) this.#drop(item);
      this.#observable.invalidate();
    };
  }

  /** Expires the room's sent entries: after a reset its window may not include their messages. */
  expireSent(roomId: string): void {
    for (const item of this.#sentIn(roomId)) this.#dropLater(item);
  }

  /** Stops sending. Unsent messages stay in the storage. */
  close(): void {
    for (const stop of this.#stopListening) stop();
    this.#endAccount();
  }

  #followSession(): void {
    const userId = this.#session.user?.id;
    if (userId === this.#account?.userId) return;
    this.#endAccount();
    if (userId !== undefined) this.#account = this.#beginAccount(userId);
    this.#observable.invalidate();
  }

  /** Reloads the storage after each connect, so that messages left by another tab are sent too. */
  #followConnection(): void {
    const { online } = this.#connection;
    const connected = online && !this.#wasOnline;
    this.#wasOnline = online;
    if (connected && this.#account) void this.#load(this.#account);
  }

  #beginAccount(userId: string): Account {
    const ending = new AbortController();
    const account: Account = {
      userId,
      storage: this.#createStorage(userId),
      entries: new Map(),
      senders: new Set(),
      loaded: Promise.resolve(),
      signal: ending.signal,
      end: () => ending.abort(),
    };
    this.#durable = true;
    account.loaded = this.#load(account);
    return account;
  }

  #endAccount(): void {
    const account = this.#account;
    if (!account) return;
    this.#account = undefined;
    account.end();
    for (const { expiry } of account.entries.values()) clearTimeout(expiry);
    account.storage.close();
  }

  async #load(account: Account): Promise<void> {
    let stored: StoredEntry[];
    try {
      stored = await account.storage.load();
    } catch {
      this.#storageFailed(account);
      return;
    }
    if (hasEnded(account)) return;
    const found = stored.filter(({ clientMessageId }) => !account.entries.has(clientMessageId));
    const present = [...account.entries];
    account.entries.clear();
    for (const entry of found) account.entries.set(entry.clientMessageId, restoredItem(entry));
    for (const [id, item] of present) account.entries.set(id, item);
    if (found.length > 0) this.#observable.invalidate();
    for (const roomId of new Set(found.map((entry) => entry.roomId)))
      this.#startSender(account, roomId);
  }

  /** Appends an entry, stores it and starts sending. */
  #enqueue(account: Account, entry: OutboxEntry, repeated: boolean): void {
    const item: Item = {
      entry,
      persisted: this.#store(account, entry),
      repeated,
      internalFailures: 0,
    };
    account.entries.set(entry.clientMessageId, item);
    void item.persisted.then((persisted) => this.#change(account, item, { persisted }));
    this.#observable.invalidate();
    this.#startSender(account, entry.roomId);
  }

  /** Sends the room's waiting entries one by one, unless a send loop is already running. */
  #startSender(account: Account, roomId: string): void {
    if (account.senders.has(roomId)) return;
    account.senders.add(roomId);
    void this.#runSender(account, roomId);
  }

  async #runSender(account: Account, roomId: string): Promise<void> {
    const backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
    await account.loaded;
    for (;;) {
      const item = nextWaiting(account, roomId);
      if (!item || hasEnded(account)) {
        account.senders.delete(roomId);
        return;
      }
      const persisted = await item.persisted;
      await this.#connection.whenOnline().catch(() => undefined);
      if (hasEnded(account)) return;
      const error = await withLock(`chat-outbox:${account.userId}:${roomId}`, () =>
        this.#deliver(account, item, persisted),
      );
      if (hasEnded(account)) return;
      if (!error) backoff.reset();
      else if (error.code !== 'NETWORK') {
        await pause(backoff.next(error.retryAfterMs), account.signal);
      }
    }
  }

  /** Attempts one send. Returns the error if the entry is to be retried. */
  async #deliver(account: Account, item: Item, persisted: boolean): Promise<ChatError | undefined> {
    const { clientMessageId, roomId, text } = item.entry;
    if (hasEnded(account) || !isHeld(account, item)) return undefined;
    if (persisted && !(await this.#isStillStored(account, clientMessageId))) {
      // Another tab delivered or discarded it.
      this.#complete(account, item);
      return undefined;
    }
    this.#change(account, item, { state: 'sending' });
    try {
      await this.#connection.emit('sendMessage', { roomId, text, clientMessageId });
    } catch (error) {
      return this.#handleSendError(account, item, error as ChatError);
    }
    await this.#removeStored(account, clientMessageId);
    this.#complete(account, item);
    return undefined;
  }

  #handleSendError(account: Account, item: Item, error: ChatError): ChatError | undefined {
    if (!isHeld(account, item)) return undefined;
    item.repeated = true;
    if (error.code === 'INTERNAL') item.internalFailures += 1;
    const retriable =
      RETRIED_CODES.has(error.code) ||
      (error.code === 'INTERNAL' && item.internalFailures < MAX_INTERNAL_FAILURES);
    if (retriable) {
      this.#change(account, item, { state: 'waiting' });
      return error;
    }
    this.#change(account, item, { state: 'failed', error });
    item.persisted = this.#store(account, item.entry);
    return undefined;
  }

  /** Shows the entry as sent until its message is received, or removes it if the room is closed. */
  #complete(account: Account, item: Item): void {
    if (!this.#retainedRooms.has(item.entry.roomId)) {
      this.#drop(item);
      this.#observable.invalidate();
      return;
    }
    this.#change(account, item, { state: 'sent' });
    if (item.repeated) this.#dropLater(item);
  }

  #change(
    account: Account,
    item: Item,
    change: Partial<Pick<OutboxEntry, 'state' | 'error' | 'persisted'>>,
  ): void {
    if (!isHeld(account, item)) return;
    item.entry = { ...item.entry, ...change };
    if (account === this.#account) this.#observable.invalidate();
  }

  async #remove(account: Account, item: Item): Promise<void> {
    this.#drop(item);
    this.#observable.invalidate();
    await item.persisted;
    await this.#removeStored(account, item.entry.clientMessageId);
  }

  #drop(item: Item): void {
    clearTimeout(item.expiry);
    this.#account?.entries.delete(item.entry.clientMessageId);
  }

  #dropLater(item: Item): void {
    item.expiry ??= setTimeout(() => {
      this.#drop(item);
      this.#observable.invalidate();
    }, SENT_GRACE_MS);
  }

  #sentIn(roomId: string): Item[] {
    return [...(this.#account?.entries.values() ?? [])].filter(
      ({ entry }) => entry.roomId === roomId && entry.state === 'sent',
    );
  }

  async #store(account: Account, entry: OutboxEntry): Promise<boolean> {
    const { clientMessageId, roomId, text, createdAt, error } = entry;
    try {
      await account.storage.put({
        clientMessageId,
        roomId,
        text,
        createdAt,
        ...(error && {
          error: { code: error.code, message: error.message, details: error.details },
        }),
      });
      return true;
    } catch {
      this.#storageFailed(account);
      return false;
    }
  }

  async #isStillStored(account: Account, clientMessageId: string): Promise<boolean> {
    // When the storage fails, the entry is sent: a duplicate send is harmless.
    return account.storage.has(clientMessageId).catch(() => true);
  }

  async #removeStored(account: Account, clientMessageId: string): Promise<void> {
    await account.storage.remove(clientMessageId).catch(() => this.#storageFailed(account));
  }

  #storageFailed(account: Account): void {
    if (account !== this.#account) return;
    this.#durable = false;
    this.#observable.invalidate();
  }

  #computeSnapshot(): OutboxState {
    const items = [...(this.#account?.entries.values() ?? [])];
    return { entries: items.map(({ entry }) => entry), durable: this.#durable };
  }
}

/** Whether the user signed out or the outbox was closed; the entries stay in the storage. */
function hasEnded({ signal }: Account): boolean {
  return signal.aborted;
}

/** Whether the entry was neither received nor discarded. */
function isHeld(account: Account, item: Item): boolean {
  return account.entries.get(item.entry.clientMessageId) === item;
}

function nextWaiting(account: Account, roomId: string): Item | undefined {
  for (const item of account.entries.values()) {
    if (item.entry.roomId === roomId && item.entry.state === 'waiting') return item;
  }
  return undefined;
}

function restoredItem({ error, ...stored }: StoredEntry): Item {
  // Earlier versions stored texts as they were typed.
  const entry = { ...stored, text: stored.text.toWellFormed() };
  return {
    entry: error
      ? {
          ...entry,
          state: 'failed',
          persisted: true,
          error: new ChatError(error.code, error.message, error),
        }
      : { ...entry, state: 'waiting', persisted: true },
    persisted: Promise.resolve(true),
    repeated: true,
    internalFailures: 0,
  };
}

/**
 * Returns 128 random bits in hexadecimal. Not `crypto.randomUUID()`, which is missing in insecure
 * contexts.
 */
function newClientMessageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
