import type {
  ClientEvent,
  ClientPayload,
  ClientResult,
  ServerEvent,
  ServerPayload,
} from '@chat/contracts';
import { Backoff } from '../backoff.ts';
import { ChatError } from '../chat-error.ts';
import type { Unsubscribe } from '../emitter.ts';
import { type Observable, ObservableState } from '../observable.ts';
import type { ServerUrl } from '../server-url.ts';
import type { Session } from '../session/session.ts';
import { onUserChange } from '../session/user-changes.ts';
import type { ConnectionState } from './connection-state.ts';
import { onNetworkLoss } from './network-loss.ts';
import { RefreshTimer } from './refresh-timer.ts';
import { ServerSocket } from './server-socket.ts';
import type { TransportOrder } from './transport-order.ts';
import { onWakeUp } from './wake-up.ts';
import { whenOnline } from './when-online.ts';

const ACK_TIMEOUT_MS = 10_000;
const ATTEMPT_TIMEOUT_MS = 6_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 5_000;
/** A connection that lasted this long resets the backoff. */
const STABLE_MS = 10_000;
const MAX_DRAINING_MS = 60_000;

/** The socket connection: connected while a user is signed in; reconnects automatically. */
export class Connection implements Observable<ConnectionState> {
  readonly #session: Session;
  readonly #transports: TransportOrder;
  readonly #socket: ServerSocket;
  readonly #observable = new ObservableState<ConnectionState>(() => this.#state);
  readonly #backoff = new Backoff(FIRST_RETRY_MS, MAX_RETRY_MS);
  readonly #refreshTimer: RefreshTimer;
  readonly #stopListening: Unsubscribe[];
  #state: ConnectionState = { status: 'signed-out' };
  #closed = false;
  #token = '';
  /** Number of the current attempt, so that an abandoned attempt cannot affect a later one. */
  #attempt = 0;
  #onlineSince = -Infinity;
  /** Earliest time of an attempt that the server allows; only `retryNow()` ignores it. */
  #notBefore = -Infinity;
  #tokenReplacedAt = -Infinity;
  #attemptTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: ServerUrl, session: Session, transports: TransportOrder) {
    this.#session = session;
    this.#transports = transports;
    this.#refreshTimer = new RefreshTimer(session);
    this.#socket = new ServerSocket(url, () => this.#token, {
      transport: (transport) => transports.worked(transport),
      connected: () => this.#handleConnect(),
      lost: () => this.#handleDisconnect('The connection was lost.'),
      failed: (error) => {
        if (error.code === 'UNAUTHORIZED') void this.#replaceToken();
        else this.#handleFailedAttempt(error);
      },
      sessionExpired: () => void this.#replaceToken(),
      draining: (reconnectInMs) => this.#handleDraining(reconnectInMs),
    });
    this.#stopListening = [
      onUserChange(session, (userId) => this.#followUser(userId)),
      session.onToken((token) => this.#updateToken(token)),
      onWakeUp(() => {
        if (performance.now() >= this.#notBefore) this.retryNow();
      }),
      onNetworkLoss(() => {
        if (this.online) this.#handleDisconnect('There is no network.');
      }),
    ];
    if (session.user) void this.#connect();
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
    return this.#socket.events.on(event, listener);
  }

  /**
   * Sends one event and waits for its acknowledgement. Nothing is queued: it rejects
   * immediately while disconnected.
   * @param timeoutMs timeout for the acknowledgement, 10,000 by default
   * @throws ChatError NETWORK, TIMEOUT or the error that the server returned
   */
  async emit<E extends ClientEvent>(
    event: E,
    payload: ClientPayload<E>,
    timeoutMs = ACK_TIMEOUT_MS,
  ): Promise<ClientResult<E>> {
    if (!this.online) throw new ChatError('NETWORK', 'You’re offline.');
    return this.#socket.emit(event, payload, timeoutMs);
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
    return whenOnline(this, timeoutMs);
  }

  /** Disconnects permanently. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stopListening) stop();
    this.#disconnect();
    this.#set({ status: 'offline', reason: 'The client was closed.' });
    this.#socket.events.clear();
  }

  #followUser(userId: string | undefined): void {
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
      if (this.#transports.timedOut()) void this.#connect();
      else
        this.#handleFailedAttempt(new ChatError('TIMEOUT', 'The server did not respond in time.'));
    }, ATTEMPT_TIMEOUT_MS);
    this.#socket.connect(this.#transports.current);
  }

  #handleConnect(): void {
    clearTimeout(this.#attemptTimer);
    this.#onlineSince = performance.now();
    this.#notBefore = -Infinity;
    this.#refreshTimer.start();
    // Last: a subscriber may close the client.
    this.#set({ status: 'online' });
  }

  #handleDisconnect(reason: string): void {
    if (performance.now() - this.#onlineSince >= STABLE_MS) this.#backoff.reset();
    this.#disconnect();
    this.#scheduleRetry(this.#backoff.next(), reason);
  }

  #handleDraining(reconnectInMs: number): void {
    this.#disconnect();
    const delay = Math.min(Math.max(0, reconnectInMs), MAX_DRAINING_MS);
    this.#notBefore = performance.now() + delay;
    this.#scheduleRetry(delay, 'The server is restarting.');
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
   * Handles a token that the server rejected: connects with a fresh token immediately, or
   * after a backoff when the fresh token is also rejected.
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
    // When this fails, the server emits `sessionExpired`, and the socket is reopened.
    this.emit('renewSession', { token }).catch(() => undefined);
    this.#refreshTimer.start();
  }

  /** Closes the socket, abandons the attempt in progress and clears every timer. */
  #disconnect(): void {
    this.#attempt += 1;
    clearTimeout(this.#attemptTimer);
    this.#refreshTimer.stop();
    this.#socket.disconnect();
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    this.#observable.invalidate();
  }
}
