import { MAX_TEXT_LENGTH, type Message } from '@chat/contracts';
import { Backoff, pause } from './backoff.ts';
import { ChatError, type ChatErrorCode } from './chat-error.ts';
import type { Connection } from './connection.ts';
import type { Unsubscribe } from './emitter.ts';
import { exclusively } from './exclusively.ts';
import { type Observable, ObservableState } from './observable.ts';
import type { OutboxStorage, StoredEntry } from './outbox-storage.ts';
import type { Session } from './session.ts';

const MAX_UNSENT_PER_ROOM = 1_000;
const MAX_INTERNAL_FAILURES = 5;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;
/**
 * How long a sent entry stays when its message may lie outside of what the room shows: a repeat may
 * have been stored long ago.
 */
const SENT_GRACE_MS = 10_000;

/** After these the same send is tried again, for ever. */
const RETRIED_CODES: ReadonlySet<ChatErrorCode> = new Set<ChatErrorCode>([
  'NETWORK',
  'TIMEOUT',
  'UNAVAILABLE',
  'RATE_LIMITED',
  'UNAUTHORIZED',
]);

/**
 * A message on its way. `waiting` for a connection or its turn; `sending`; `sent`: accepted by the
 * server for good, not yet seen in the room; `failed`: refused for good, with `error`.
 */
export interface OutboxEntry {
  readonly clientMessageId: string;
  readonly roomId: string;
  readonly text: string;
  /** ISO date-time, by this machine's clock. */
  readonly createdAt: string;
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  /** Whether the storage has it, so that it would survive the end of this page or program. */
  readonly kept: boolean;
  readonly error?: ChatError;
}

export interface OutboxState {
  /** Messages on their way, of the signed-in user in all rooms, in the order of sending. */
  readonly entries: readonly OutboxEntry[];
  /** False after the storage failed: what is unsent then does not survive a reload. */
  readonly durable: boolean;
}

/** What the outbox holds for the user that is signed in. */
interface Account {
  userId: string;
  storage: OutboxStorage;
  entries: Map<string, Item>;
  /** Rooms in which a sender is at work. */
  senders: Set<string>;
  /** Resolved when what an earlier life left behind has been read. */
  loaded: Promise<void>;
  signal: AbortSignal;
  end: () => void;
}

interface Item {
  entry: OutboxEntry;
  /** Resolves once the entry is kept; to false when the storage failed. */
  kept: Promise<boolean>;
  /** Whether the server may have had it before, from an earlier attempt or an earlier life. */
  repeated: boolean;
  internalFailures: number;
  expiry?: ReturnType<typeof setTimeout>;
}

/** Keeps what the user sends until the server has it, across disconnects and reloads. */
export class Outbox implements Observable<OutboxState> {
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #storageOf: (userId: string) => OutboxStorage;
  readonly #observable = new ObservableState<OutboxState>(() => this.#takeSnapshot());
  readonly #watched = new Map<string, number>();
  readonly #stopListening: Unsubscribe[];
  #account: Account | undefined;
  #durable = true;
  #wasOnline = false;

  constructor(
    session: Session,
    connection: Connection,
    storageOf: (userId: string) => OutboxStorage,
  ) {
    this.#session = session;
    this.#connection = connection;
    this.#storageOf = storageOf;
    this.#stopListening = [
      session.subscribe(() => this.#followSession()),
      connection.subscribe(() => this.#followConnection()),
    ];
    this.#followSession();
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): OutboxState => this.#observable.getSnapshot();

  /**
   * Takes a message and returns its entry at once; it is delivered when it can be, in order, once.
   * @throws ChatError OUTBOX_FULL (1,000 unsent in the room), VALIDATION (empty or too long),
   *   UNAUTHORIZED when signed out
   */
  send(roomId: string, text: string): OutboxEntry {
    const account = this.#account;
    if (!account) throw new ChatError('UNAUTHORIZED', 'You are not signed in.');
    // As the server stores it: its message is recognized by its text, too.
    const trimmed = text.trim().toWellFormed();
    if (trimmed === '') throw new ChatError('VALIDATION', 'A message needs a text.');
    if (trimmed.length > MAX_TEXT_LENGTH) {
      throw new ChatError(
        'VALIDATION',
        `A message has at most ${MAX_TEXT_LENGTH} characters; this one has ${trimmed.length}.`,
      );
    }
    const unsent = [...account.entries.values()].filter(
      ({ entry }) => entry.roomId === roomId && entry.state !== 'sent',
    );
    if (unsent.length >= MAX_UNSENT_PER_ROOM) {
      throw new ChatError('OUTBOX_FULL', 'Too many messages wait to be sent in this room.');
    }

    const entry: OutboxEntry = {
      clientMessageId: newClientMessageId(),
      roomId,
      text: trimmed,
      createdAt: new Date().toISOString(),
      state: 'waiting',
      kept: false,
    };
    this.#take(account, entry, false);
    return entry;
  }

  /** Sends a failed entry again, after those that wait in its room. */
  retry(clientMessageId: string): void {
    const account = this.#account;
    const item = account?.entries.get(clientMessageId);
    if (!account || item?.entry.state !== 'failed') return;
    const { error: _, ...entry } = item.entry;
    account.entries.delete(clientMessageId);
    this.#take(account, { ...entry, state: 'waiting' }, true);
  }

  /** Forgets an entry. One that is being sent may still arrive. */
  discard(clientMessageId: string): void {
    const account = this.#account;
    const item = account?.entries.get(clientMessageId);
    if (account && item) void this.#forget(account, item);
  }

  /**
   * Forgets the entry of an own message that is in its room. The `clientMessageId` alone does not
   * identify it: another client of the user may have used the same one for another text.
   */
  seen({ roomId, clientMessageId = '', text }: Message): void {
    const entry = this.#account?.entries.get(clientMessageId)?.entry;
    if (entry?.roomId === roomId && entry.text === text) this.discard(clientMessageId);
  }

  /**
   * Somebody shows this room: from now on a sent entry stays until its message is seen there, so
   * that it never disappears in between. Ends with the returned function.
   */
  watch(roomId: string): Unsubscribe {
    this.#watched.set(roomId, (this.#watched.get(roomId) ?? 0) + 1);
    return () => {
      const left = (this.#watched.get(roomId) ?? 1) - 1;
      if (left > 0) {
        this.#watched.set(roomId, left);
        return;
      }
      this.#watched.delete(roomId);
      for (const item of this.#sentIn(roomId)) this.#drop(item);
      this.#observable.changed();
    };
  }

  /** The room shows other messages now: what was sent before may not be among them. */
  windowReplaced(roomId: string): void {
    for (const item of this.#sentIn(roomId)) this.#dropLater(item);
  }

  /** Stops sending. What is unsent stays in the storage. */
  close(): void {
    for (const stop of this.#stopListening) stop();
    this.#endAccount();
  }

  #followSession(): void {
    const userId = this.#session.user?.id;
    if (userId === this.#account?.userId) return;
    this.#endAccount();
    if (userId !== undefined) this.#account = this.#beginAccount(userId);
    this.#observable.changed();
  }

  /** Each time a connection is there: send also what another tab left behind. */
  #followConnection(): void {
    const { online } = this.#connection;
    const came = online && !this.#wasOnline;
    this.#wasOnline = online;
    if (came && this.#account) void this.#load(this.#account);
  }

  #beginAccount(userId: string): Account {
    const ending = new AbortController();
    const account: Account = {
      userId,
      storage: this.#storageOf(userId),
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
    for (const entry of found) account.entries.set(entry.clientMessageId, restored(entry));
    for (const [id, item] of present) account.entries.set(id, item);
    if (found.length > 0) this.#observable.changed();
    for (const roomId of new Set(found.map((entry) => entry.roomId)))
      this.#sendAll(account, roomId);
  }

  /** Keeps an entry behind the others and begins to send. */
  #take(account: Account, entry: OutboxEntry, repeated: boolean): void {
    const item: Item = {
      entry,
      kept: this.#keep(account, entry),
      repeated,
      internalFailures: 0,
    };
    account.entries.set(entry.clientMessageId, item);
    void item.kept.then((kept) => this.#change(account, item, { kept }));
    this.#observable.changed();
    this.#sendAll(account, entry.roomId);
  }

  /** Sends the room's waiting entries one after the other, unless that is under way already. */
  #sendAll(account: Account, roomId: string): void {
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
      const kept = await item.kept;
      await this.#connection.whenOnline().catch(() => undefined);
      if (hasEnded(account)) return;
      const error = await exclusively(`chat-outbox:${account.userId}:${roomId}`, () =>
        this.#deliver(account, item, kept),
      );
      if (hasEnded(account)) return;
      if (!error) backoff.reset();
      else if (error.code !== 'NETWORK') {
        await pause(backoff.next(error.retryAfterMs), account.signal);
      }
    }
  }

  /** One attempt. Answers the error after which the same entry is to be tried again. */
  async #deliver(account: Account, item: Item, kept: boolean): Promise<ChatError | undefined> {
    const { clientMessageId, roomId, text } = item.entry;
    if (hasEnded(account) || !holds(account, item)) return undefined;
    if (kept && !(await this.#stillKept(account, clientMessageId))) {
      // Another tab delivered or discarded it.
      this.#settle(account, item);
      return undefined;
    }
    this.#change(account, item, { state: 'sending' });
    try {
      await this.#connection.emit('sendMessage', { roomId, text, clientMessageId });
    } catch (error) {
      return this.#refused(account, item, error as ChatError);
    }
    await this.#unkeep(account, clientMessageId);
    this.#settle(account, item);
    return undefined;
  }

  #refused(account: Account, item: Item, error: ChatError): ChatError | undefined {
    if (!holds(account, item)) return undefined;
    item.repeated = true;
    if (error.code === 'INTERNAL') item.internalFailures += 1;
    const again =
      RETRIED_CODES.has(error.code) ||
      (error.code === 'INTERNAL' && item.internalFailures < MAX_INTERNAL_FAILURES);
    if (again) {
      this.#change(account, item, { state: 'waiting' });
      return error;
    }
    this.#change(account, item, { state: 'failed', error });
    item.kept = this.#keep(account, item.entry);
    return undefined;
  }

  /** The server has it: shown as sent until its message is seen, where somebody looks. */
  #settle(account: Account, item: Item): void {
    if (!this.#watched.has(item.entry.roomId)) {
      this.#drop(item);
      this.#observable.changed();
      return;
    }
    this.#change(account, item, { state: 'sent' });
    if (item.repeated) this.#dropLater(item);
  }

  #change(
    account: Account,
    item: Item,
    change: Partial<Pick<OutboxEntry, 'state' | 'error' | 'kept'>>,
  ): void {
    if (!holds(account, item)) return;
    item.entry = { ...item.entry, ...change };
    if (account === this.#account) this.#observable.changed();
  }

  async #forget(account: Account, item: Item): Promise<void> {
    this.#drop(item);
    this.#observable.changed();
    await item.kept;
    await this.#unkeep(account, item.entry.clientMessageId);
  }

  #drop(item: Item): void {
    clearTimeout(item.expiry);
    this.#account?.entries.delete(item.entry.clientMessageId);
  }

  #dropLater(item: Item): void {
    item.expiry ??= setTimeout(() => {
      this.#drop(item);
      this.#observable.changed();
    }, SENT_GRACE_MS);
  }

  #sentIn(roomId: string): Item[] {
    return [...(this.#account?.entries.values() ?? [])].filter(
      ({ entry }) => entry.roomId === roomId && entry.state === 'sent',
    );
  }

  async #keep(account: Account, entry: OutboxEntry): Promise<boolean> {
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

  async #stillKept(account: Account, clientMessageId: string): Promise<boolean> {
    // When the storage cannot say, sending is right: a repeat is harmless.
    return account.storage.has(clientMessageId).catch(() => true);
  }

  async #unkeep(account: Account, clientMessageId: string): Promise<void> {
    await account.storage.remove(clientMessageId).catch(() => this.#storageFailed(account));
  }

  #storageFailed(account: Account): void {
    if (account !== this.#account) return;
    this.#durable = false;
    this.#observable.changed();
  }

  #takeSnapshot(): OutboxState {
    const items = [...(this.#account?.entries.values() ?? [])];
    return { entries: items.map(({ entry }) => entry), durable: this.#durable };
  }
}

/** Signed out or closed: whoever comes next finds the entries in the storage. */
function hasEnded({ signal }: Account): boolean {
  return signal.aborted;
}

/** False once the entry was seen or discarded. */
function holds(account: Account, item: Item): boolean {
  return account.entries.get(item.entry.clientMessageId) === item;
}

function nextWaiting(account: Account, roomId: string): Item | undefined {
  for (const item of account.entries.values()) {
    if (item.entry.roomId === roomId && item.entry.state === 'waiting') return item;
  }
  return undefined;
}

function restored({ error, ...stored }: StoredEntry): Item {
  // Earlier versions kept texts as they were typed.
  const entry = { ...stored, text: stored.text.toWellFormed() };
  return {
    entry: error
      ? {
          ...entry,
          state: 'failed',
          kept: true,
          error: new ChatError(error.code, error.message, error),
        }
      : { ...entry, state: 'waiting', kept: true },
    kept: Promise.resolve(true),
    repeated: true,
    internalFailures: 0,
  };
}

/** 128 random bits. Not `crypto.randomUUID`, which pages of an insecure origin do not have. */
function newClientMessageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
