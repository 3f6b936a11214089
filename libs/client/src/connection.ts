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
import { Backoff, MAX_TIMER_MS } from './backoff.ts';
import { ChatError } from './chat-error.ts';
import { Emitter, type Unsubscribe } from './emitter.ts';
import { type Observable, ObservableState } from './observable.ts';
import type { Session } from './session.ts';

const ACK_TIMEOUT_MS = 10_000;
const ATTEMPT_TIMEOUT_MS = 6_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 5_000;
/** A connection that lived this long was a good one: the next attempt is an early one again. */
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
 * The state of the socket. `offline`: there is no connection; `reason` is one readable sentence and
 * `nextAttemptAt` (milliseconds since the epoch) says when the next attempt begins; it is absent
 * after `close()`.
 */
export type ConnectionState =
  | { readonly status: 'signed-out' }
  | { readonly status: 'connecting' }
  | { readonly status: 'online' }
  | { readonly status: 'offline'; readonly reason: string; readonly nextAttemptAt?: number };

type ServerEvents = { [E in ServerEvent]: ServerPayload<E> };

/** The socket: connected while somebody is signed in, reconnecting by itself. */
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
  /** Counts attempts, so that what an abandoned one still awaits cannot touch a later one. */
  #attempt = 0;
  #onlineSince = -Infinity;
  /** The server asked not to come before; only `retryNow()` does. */
  #notBefore = -Infinity;
  #tokenReplacedAt = -Infinity;
  #attemptTimer: ReturnType<typeof setTimeout> | undefined;
  #renewTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, session: Session, transports: ('websocket' | 'polling')[]) {
    this.#session = session;
    this.#socket = io(url, {
      autoConnect: false,
      forceNew: true,
      // Ours: socket.io's own does not say when it tries next, nor wait for a fresh token.
      reconnection: false,
      transports,
      tryAllTransports: true,
      auth: (send: (auth: object) => void) => send({ token: this.#token }),
    });
    this.#listenToSocket();
    this.#stopListening = [
      session.subscribe(() => this.#followSession()),
      session.onToken((token) => this.#takeToken(token)),
      onWakeUp(() => {
        if (performance.now() >= this.#notBefore) this.retryNow();
      }),
    ];
    this.#followSession();
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): ConnectionState => this.#observable.getSnapshot();

  /** Whether there is a connection now. */
  get online(): boolean {
    return this.#state.status === 'online';
  }

  /** Server events as they arrive. Rooms apply order and gaps; see {@link RoomConversation}. */
  on<E extends ServerEvent>(event: E, listener: (payload: ServerPayload<E>) => void): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /**
   * Sends one event and waits for its acknowledgement. Nothing is queued: while there is no
   * connection it rejects at once.
   * @param timeoutMs longest wait for the answer, 10,000 unless given
   * @throws ChatError NETWORK, TIMEOUT or what the server answered
   */
  async emit<E extends ClientEvent>(
    event: E,
    payload: ClientPayload<E>,
    timeoutMs = ACK_TIMEOUT_MS,
  ): Promise<ClientResult<E>> {
    if (!this.online) throw new ChatError('NETWORK', 'There is no connection to the server.');
    let answer: Ack<ClientResult<E>>;
    try {
      answer = (await this.#socket.timeout(timeoutMs).emitWithAck(event, payload)) as typeof answer;
    } catch {
      throw this.#socket.connected
        ? new ChatError('TIMEOUT', 'The server did not answer in time.')
        : new ChatError('NETWORK', 'The connection broke before the server answered.');
    }
    if (!answer.ok) throw fromSocketError(answer.error);
    return answer;
  }

  /** Tries to connect now instead of at `nextAttemptAt`. */
  retryNow(): void {
    if (this.#state.status === 'offline' && !this.#closed) void this.#connect();
  }

  /**
   * Resolves once there is a connection.
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
      const look = (): void => {
        if (this.#closed) end(new ChatError('CLOSED', 'The client was closed.'));
        else if (this.online) end();
        else if (this.#state.status === 'signed-out') {
          end(new ChatError('UNAUTHORIZED', 'You are not signed in.'));
        }
      };
      const unsubscribe = this.subscribe(look);
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(
              () => end(new ChatError('TIMEOUT', 'The server could not be reached in time.')),
              timeoutMs,
            );
      look();
    });
  }

  /** Disconnects for good. */
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
    this.#socket.on('connect', () => this.#connected());
    this.#socket.on('disconnect', (reason) => {
      if (reason !== 'io client disconnect') this.#fellOff('The connection to the server broke.');
    });
    this.#socket.on('connect_error', (error: Error & { data?: SocketError }) => {
      if (error.data?.code === 'UNAUTHORIZED') void this.#replaceToken();
      else this.#attemptFailed(error.data ? fromSocketError(error.data) : unreachable());
    });
    this.#socket.on('sessionExpired', () => {
      this.#disconnect();
      void this.#replaceToken();
    });
    this.#socket.on('serverDraining', ({ reconnectInMs }: ServerPayload<'serverDraining'>) => {
      this.#disconnect();
      const delay = Math.min(Math.max(0, reconnectInMs), MAX_DRAINING_MS);
      this.#notBefore = performance.now() + delay;
      this.#retryIn(delay, 'The server is restarting.');
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
      if (attempt === this.#attempt) this.#attemptFailed(error as ChatError);
      return;
    }
    if (attempt !== this.#attempt) return;
    this.#attemptTimer = setTimeout(() => {
      this.#disconnect();
      this.#attemptFailed(new ChatError('TIMEOUT', 'The server did not answer in time.'));
    }, ATTEMPT_TIMEOUT_MS);
    this.#socket.connect();
  }

  #connected(): void {
    clearTimeout(this.#attemptTimer);
    this.#onlineSince = performance.now();
    this.#notBefore = -Infinity;
    this.#set({ status: 'online' });
    this.#scheduleRenewal();
  }

  #fellOff(reason: string): void {
    if (performance.now() - this.#onlineSince >= STABLE_MS) this.#backoff.reset();
    this.#disconnect();
    this.#retryIn(this.#backoff.next(), reason);
  }

  #attemptFailed({ message, retryAfterMs }: ChatError): void {
    if (this.#state.status === 'signed-out') return;
    if (retryAfterMs !== undefined) this.#notBefore = performance.now() + retryAfterMs;
    this.#retryIn(this.#backoff.next(retryAfterMs), message);
  }

  #retryIn(ms: number, reason: string): void {
    clearTimeout(this.#attemptTimer);
    this.#attemptTimer = setTimeout(() => void this.#connect(), ms);
    this.#set({ status: 'offline', reason, nextAttemptAt: Date.now() + ms });
  }

  /** The server refused the token: a fresh one is tried at once; when that is refused too, later. */
  async #replaceToken(): Promise<void> {
    this.#disconnect();
    if (performance.now() - this.#tokenReplacedAt < STABLE_MS) {
      this.#attemptFailed(new ChatError('UNAUTHORIZED', 'The server refused the session.'));
      return;
    }
    const attempt = this.#attempt;
    this.#set({ status: 'connecting' });
    try {
      await this.#session.refresh(this.#token);
      this.#tokenReplacedAt = performance.now();
      if (attempt === this.#attempt) await this.#connect();
    } catch (error) {
      if (attempt === this.#attempt) this.#attemptFailed(error as ChatError);
    }
  }

  /** A new access token keeps a socket that was opened with the old one. */
  #takeToken(token: string): void {
    this.#token = token;
    if (!this.online) return;
    // When this fails, `sessionExpired` comes and the socket is opened anew.
    this.emit('renewSession', { token }).catch(() => undefined);
    this.#scheduleRenewal();
  }

  #scheduleRenewal(): void {
    const { refreshAt } = this.#session;
    if (refreshAt === undefined) return;
    this.#renewBackoff.reset();
    this.#renewIn(Math.min(Math.max(0, refreshAt - Date.now()), MAX_TIMER_MS));
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#renewTimer);
    this.#renewTimer = setTimeout(() => {
      this.#session.renewWhenDue().then(
        () => {
          // It may not have been due yet: timers fire early, and clocks are set back.
          if (this.online) this.#scheduleRenewal();
        },
        (error: unknown) => {
          if (this.online) {
            this.#renewIn(this.#renewBackoff.next((error as ChatError).retryAfterMs));
          }
        },
      );
    }, ms);
  }

  /** Ends the socket, the attempt under way and every timer. */
  #disconnect(): void {
    this.#attempt += 1;
    clearTimeout(this.#attemptTimer);
    clearTimeout(this.#renewTimer);
    this.#socket.disconnect();
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    this.#observable.changed();
  }
}

function fromSocketError({ code, message, retryAfterMs, details }: SocketError): ChatError {
  return new ChatError(code, message, { retryAfterMs, details });
}

function unreachable(): ChatError {
  return new ChatError('NETWORK', 'The server cannot be reached.');
}

/** In a browser: when the network came back or the page is looked at again. Elsewhere never. */
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
