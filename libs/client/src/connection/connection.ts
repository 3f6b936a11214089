import type {
  Ack,
  ClientEvent,
  ClientPayload,
  ClientResult,
  ServerEvent,
  ServerPayload,
  SocketError,
} from '@chat/contracts';
import { io, type Socket } from 'socket.io-client';
import { Backoff, MAX_TIMER_MS } from '../backoff.ts';
import { ChatError } from '../chat-error.ts';
import { Emitter, type Unsubscribe } from '../emitter.ts';
import { type Observable, ObservableState } from '../observable.ts';
import type { Session } from '../session/session.ts';

const ACK_TIMEOUT_MS = 10_000;
const ATTEMPT_TIMEOUT_MS = 6_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 5_000;
/** A connection that lasted this long resets the backoff. */
const STABLE_MS = 10_000;
const MAX_DRAINING_MS = 60_000;

const SERVER_EVENT_NAMES: readonly ServerEvent[] = [
  'receiveMessage',
  'roomHeads',
  'roomUpdated',
  'memberChanged',
  'roomAdded',
  'roomRemoved',
  'exception',
  'sessionExpired',
  'serverDraining',
];

/**
 * State of the socket. `offline`: disconnected; `reason` is a sentence that can be shown to users,
 * and `nextAttemptAt` is the time of the next attempt in milliseconds since the epoch, absent after
 * `close()`.
 */
export type ConnectionState =
  | { readonly status: 'signed-out' }
  | { readonly status: 'connecting' }
  | { readonly status: 'online' }
  | { readonly status: 'offline'; readonly reason: string; readonly nextAttemptAt?: number };

type ServerEvents = { [E in ServerEvent]: ServerPayload<E> };

/** The socket connection: connected while a user is signed in; reconnects automatically. */
export class Connection implements Observable<ConnectionState> {
  readonly #session: Session;
  readonly #socket: Socket;
  readonly #events = new Emitter<ServerEvents>();
  readonly #observable = new ObservableState<ConnectionState>(() => this.#state);
  readonly #backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
  readonly #renewBackoff = new Backoff(FIRST_RETRY_MS, 60_000);
  readonly #stopListening: Unsubscribe[];
  #state: ConnectionState = { status: 'signed-out' };
  #closed = false;
  #userId: string | undefined;
  #token = '';
  /** Number of the current attempt, so that an abandoned one cannot affect a later one. */
  #attempt = 0;
  #onlineSince = -Infinity;
  /** Earliest attempt that the server allows; only `retryNow()` ignores it. */
  #notBefore = -Infinity;
  #tokenReplacedAt = -Infinity;
  #attemptTimer: ReturnType<typeof setTimeout> | undefined;
  #renewTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, session: Session, transports: ('websocket' | 'polling')[]) {
    this.#session = session;
    this.#socket = io(url, {
      autoConnect: false,
      forceNew: true,
      // Reconnection is implemented here: that of Socket.IO does not report its next attempt, nor
      // wait for a fresh token.
      reconnection: false,
      transports,
      tryAllTransports: true,
      auth: (send: (auth: object) => void) => send({ token: this.#token }),
    });
    this.#listenToSocket();
    this.#stopListening = [
      session.subscribe(() => this.#followSession()),
      session.onToken((token) => this.#updateToken(token)),
      onWakeUp(() => {
        if (performance.now() >= this.#notBefore) this.retryNow();
      }),
    ];
    this.#followSession();
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): ConnectionState => this.#observable.getSnapshot();

  /** Whether the socket is connected. */
  get online(): boolean {
    return this.#state.status === 'online';
  }

  /**
   * Subscribes to server events as they arrive. {@link RoomConversation} restores their order and
   * fills gaps.
   */
  on<E extends ServerEvent>(event: E, listener: (payload: ServerPayload<E>) => void): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /**
   * Sends one event and waits for its acknowledgement. Nothing is queued: while disconnected it
   * rejects at once.
   * @param timeoutMs timeout of the acknowledgement, 10,000 by default
   * @throws ChatError NETWORK, TIMEOUT or the error of the server
   */
  async emit<E extends ClientEvent>(
    event: E,
    payload: ClientPayload<E>,
    timeoutMs = ACK_TIMEOUT_MS,
  ): Promise<ClientResult<E>> {
    if (!this.online) throw new ChatError('NETWORK', 'You’re offline.');
    let answer: Ack<ClientResult<E>>;
    try {
      answer = (await this.#socket.timeout(timeoutMs).emitWithAck(event, payload)) as typeof answer;
    } catch {
      throw this.#socket.connected
        ? new ChatError('TIMEOUT', 'The server did not respond in time.')
        : new ChatError('NETWORK', 'The connection was lost before the server responded.');
    }
    if (!answer.ok) throw fromSocketError(answer.error);
    return answer;
  }

  /** Connects now instead of at `nextAttemptAt`. */
  retryNow(): void {
    if (this.#state.status === 'offline' && !this.#closed) void this.#connect();
  }

  /**
   * Resolves once the socket is connected.
   * @throws ChatError UNAUTHORIZED when signed out, CLOSED, TIMEOUT after `timeoutMs`
   */
  whenOnline(timeoutMs?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: ChatError): void => {
        clearTimeout(timer);
        unsubscribe();
        if (error) reject(error);
        else resolve();
      };
      const check = (): void => {
        if (this.#closed) end(new ChatError('CLOSED', 'The client was closed.'));
        else if (this.online) end();
        else if (this.#state.status === 'signed-out') {
          end(new ChatError('UNAUTHORIZED', 'You’re signed out. Sign in to continue.'));
        }
      };
      const unsubscribe = this.subscribe(check);
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(
              () => end(new ChatError('TIMEOUT', 'The server did not respond in time.')),
              timeoutMs,
            );
      check();
    });
  }

  /** Disconnects permanently. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stopListening) stop();
    this.#disconnect();
    this.#set({ status: 'offline', reason: 'The client was closed.' });
    this.#events.clear();
  }

  #listenToSocket(): void {
    for (const event of SERVER_EVENT_NAMES) {
      this.#socket.on(event, (payload: ServerPayload<ServerEvent>) =>
        this.#events.emit(event, payload),
      );
    }
    this.#socket.on('connect', () => this.#handleConnect());
    this.#socket.on('disconnect', (reason) => {
      if (reason !== 'io client disconnect') this.#handleDisconnect('The connection was lost.');
    });
    this.#socket.on('connect_error', (error: Error & { data?: SocketError }) => {
      if (error.data?.code === 'UNAUTHORIZED') void this.#replaceToken();
      else this.#handleFailedAttempt(error.data ? fromSocketError(error.data) : unreachableError());
    });
    this.#socket.on('sessionExpired', () => {
      this.#disconnect();
      void this.#replaceToken();
    });
    this.#socket.on('serverDraining', ({ reconnectInMs }: ServerPayload<'serverDraining'>) => {
      this.#disconnect();
      const delay = Math.min(Math.max(0, reconnectInMs), MAX_DRAINING_MS);
      this.#notBefore = performance.now() + delay;
      this.#scheduleRetry(delay, 'The server is restarting.');
    });
  }

  #followSession(): void {
    const userId = this.#session.user?.id;
    if (userId === this.#userId) return;
    this.#userId = userId;
    this.#disconnect();
    this.#backoff.reset();
    if (userId === undefined) this.#set({ status: 'signed-out' });
    else void this.#connect();
  }

  async #connect(): Promise<void> {
    this.#disconnect();
    const attempt = this.#attempt;
    this.#set({ status: 'connecting' });
    try {
      this.#token = await this.#session.accessToken();
    } catch (error) {
      if (attempt === this.#attempt) this.#handleFailedAttempt(error as ChatError);
      return;
    }
    if (attempt !== this.#attempt) return;
    this.#attemptTimer = setTimeout(() => {
      this.#disconnect();
      this.#handleFailedAttempt(new ChatError('TIMEOUT', 'The server did not respond in time.'));
    }, ATTEMPT_TIMEOUT_MS);
    this.#socket.connect();
  }

  #handleConnect(): void {
    clearTimeout(this.#attemptTimer);
    this.#onlineSince = performance.now();
    this.#notBefore = -Infinity;
    this.#set({ status: 'online' });
    this.#scheduleRenewal();
  }

  #handleDisconnect(reason: string): void {
    if (performance.now() - this.#onlineSince >= STABLE_MS) this.#backoff.reset();
    this.#disconnect();
    this.#scheduleRetry(this.#backoff.next(), reason);
  }

  #handleFailedAttempt({ message, retryAfterMs }: ChatError): void {
    if (this.#state.status === 'signed-out') return;
    if (retryAfterMs !== undefined) this.#notBefore = performance.now() + retryAfterMs;
    this.#scheduleRetry(this.#backoff.next(retryAfterMs), message);
  }

  #scheduleRetry(ms: number, reason: string): void {
    clearTimeout(this.#attemptTimer);
    this.#attemptTimer = setTimeout(() => void this.#connect(), ms);
    this.#set({ status: 'offline', reason, nextAttemptAt: Date.now() + ms });
  }

  /**
   * Handles a token that the server rejected: connects with a fresh token at once, or after a
   * backoff when that is rejected too.
   */
  async #replaceToken(): Promise<void> {
    this.#disconnect();
    if (performance.now() - this.#tokenReplacedAt < STABLE_MS) {
      this.#handleFailedAttempt(new ChatError('UNAUTHORIZED', 'The server rejected the session.'));
      return;
    }
    const attempt = this.#attempt;
    this.#set({ status: 'connecting' });
    try {
      await this.#session.refresh(this.#token);
      this.#tokenReplacedAt = performance.now();
      if (attempt === this.#attempt) await this.#connect();
    } catch (error) {
      if (attempt === this.#attempt) this.#handleFailedAttempt(error as ChatError);
    }
  }

  /** Renews the session of the open socket with a new access token. */
  #updateToken(token: string): void {
    this.#token = token;
    if (!this.online) return;
    // When this fails, the server emits `sessionExpired`, and the socket is opened again.
    this.emit('renewSession', { token }).catch(() => undefined);
    this.#scheduleRenewal();
  }

  #scheduleRenewal(): void {
    const { refreshAt } = this.#session;
    if (refreshAt === undefined) return;
    this.#renewBackoff.reset();
    this.#scheduleRenewalIn(Math.min(Math.max(0, refreshAt - Date.now()), MAX_TIMER_MS));
  }

  #scheduleRenewalIn(ms: number): void {
    clearTimeout(this.#renewTimer);
    this.#renewTimer = setTimeout(() => {
      this.#session.refreshWhenDue().then(
        () => {
          // It may not have been due yet: timers can fire early, and clocks can be set back.
          if (this.online) this.#scheduleRenewal();
        },
        (error: unknown) => {
          if (this.online) {
            this.#scheduleRenewalIn(this.#renewBackoff.next((error as ChatError).retryAfterMs));
          }
        },
      );
    }, ms);
  }

  /** Closes the socket, abandons the attempt in progress and clears every timer. */
  #disconnect(): void {
    this.#attempt += 1;
    clearTimeout(this.#attemptTimer);
    clearTimeout(this.#renewTimer);
    this.#socket.disconnect();
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    this.#observable.invalidate();
  }
}

function fromSocketError({ code, message, retryAfterMs, details }: SocketError): ChatError {
  return new ChatError(code, message, { retryAfterMs, details });
}

function unreachableError(): ChatError {
  return new ChatError('NETWORK', 'The server is unreachable.');
}

/** Calls `listener` when a browser is back online or its page becomes visible; elsewhere never. */
function onWakeUp(listener: () => void): Unsubscribe {
  const page = globalThis.document as Document | undefined;
  if (!page) return () => undefined;
  const onVisible = (): void => {
    if (page.visibilityState === 'visible') listener();
  };
  globalThis.addEventListener('online', listener);
  page.addEventListener('visibilitychange', onVisible);
  return () => {
    globalThis.removeEventListener('online', listener);
    page.removeEventListener('visibilitychange', onVisible);
  };
}
