import type {
  LoginRequest,
  LoginResponse,
  OwnUser,
  RegisterRequest,
  RegisterResponse,
} from '@chat/contracts';
import { Emitter, type Unsubscribe } from '../emitter.ts';
import type { HttpTransport } from '../rest/http-transport.ts';
import { type Observable, ObservableState } from '../observable.ts';
import type { SessionStorage } from './session-storage.ts';
import { toStoredTokens } from './stored-tokens.ts';
import { TokenRefresh } from './token-refresh.ts';

/** The signed-in user, if any. Reason `expired`: the server rejected the refresh. */
export type SessionState =
  | { readonly status: 'signed-in'; readonly user: OwnUser }
  | { readonly status: 'signed-out'; readonly reason?: 'logout' | 'expired' };

/** Signs in and out, and refreshes the access token before it expires. */
export class Session implements Observable<SessionState> {
  readonly #http: HttpTransport;
  readonly #storage: SessionStorage;
  readonly #tokenRefresh: TokenRefresh;
  readonly #events = new Emitter<{ token: string }>();
  readonly #stopWatching: Unsubscribe;
  readonly #observable = new ObservableState<SessionState>(() => this.#state);
  #state: SessionState;
  #token: string | undefined;
  #endReason: 'logout' | 'expired' = 'logout';

  constructor(http: HttpTransport, storage: SessionStorage) {
    this.#http = http;
    this.#storage = storage;
    this.#tokenRefresh = new TokenRefresh(http, storage, () => this.#signOut('expired'));
    const stored = storage.load();
    this.#token = stored?.token;
    this.#state = stored ? { status: 'signed-in', user: stored.user } : { status: 'signed-out' };
    this.#stopWatching = storage.onChange(() => this.#syncFromStorage());
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): SessionState => this.#observable.getSnapshot();

  /** The signed-in user, if any. */
  get user(): OwnUser | undefined {
    return this.#state.status === 'signed-in' ? this.#state.user : undefined;
  }

  /**
   * Creates an account and signs in.
   * @throws ChatError CONFLICT (email or username taken), VALIDATION, RATE_LIMITED, NETWORK
   */
  async register(request: RegisterRequest): Promise<OwnUser> {
    const { data } = await this.#http.request<RegisterResponse>({
      method: 'POST',
      path: '/auth/register',
      body: request,
    });
    return this.#signIn(data);
  }

  /**
   * Signs in.
   * @throws ChatError UNAUTHORIZED, RATE_LIMITED, NETWORK
   */
  async login(request: LoginRequest): Promise<OwnUser> {
    const { data } = await this.#http.request<LoginResponse>({
      method: 'POST',
      path: '/auth/login',
      body: request,
    });
    return this.#signIn(data);
  }

  /** Signs out locally immediately, then on the server if it is reachable. Never rejects. */
  async logout(): Promise<void> {
    const stored = this.#storage.load();
    if (!stored) return;
    this.#signOut('logout');
    await this.#http
      .request({ method: 'POST', path: '/auth/logout', token: stored.token })
      .catch(() => undefined);
  }

  /**
   * Returns a valid access token, refreshed when it is about to expire.
   * @throws ChatError UNAUTHORIZED when signed out, or the error of the refresh
   */
  accessToken(): Promise<string> {
    return this.#tokenRefresh.validToken();
  }

  /** Like {@link accessToken}, but rejects when a due refresh fails, even before the expiry. */
  refreshWhenDue(): Promise<string> {
    return this.#tokenRefresh.refreshWhenDue();
  }

  /**
   * Replaces a token that the server rejected or that is due. Concurrent calls share one request;
   * no request is sent when another tab has already replaced the token.
   */
  refresh(usedToken: string): Promise<string> {
    return this.#tokenRefresh.refresh(usedToken);
  }

  /** Time at which the access token is due for a refresh, in milliseconds since the epoch. */
  get refreshAt(): number | undefined {
    return this.#storage.load()?.refreshAt;
  }

  /** Calls `listener` with every new access token, including those that another tab obtained. */
  onToken(listener: (token: string) => void): Unsubscribe {
    return this.#events.on('token', listener);
  }

  /** Replaces the stored profile of the signed-in user. */
  updateUser(user: OwnUser): void {
    const stored = this.#storage.load();
    if (stored?.user.id === user.id) this.#storage.save({ ...stored, user });
  }

  /** Stops watching the storage. The session stays stored. */
  close(): void {
    this.#stopWatching();
    this.#events.clear();
  }

  #signIn({ user, ...tokens }: LoginResponse): OwnUser {
    this.#storage.save({ ...toStoredTokens(tokens), user });
    return user;
  }

  #signOut(reason: 'logout' | 'expired'): void {
    this.#endReason = reason;
    this.#storage.clear();
    this.#endReason = 'logout';
  }

  /** Applies the stored session, whichever client changed it. */
  #syncFromStorage(): void {
    const stored = this.#storage.load();
    const previous = this.#state;
    const token = stored?.token;
    const renewed = token !== undefined && token !== this.#token;
    this.#token = token;
    if (!stored) {
      if (previous.status === 'signed-out') return;
      this.#state = { status: 'signed-out', reason: this.#endReason };
      this.#observable.invalidate();
      return;
    }
    if (previous.status === 'signed-out' || !sameUser(previous.user, stored.user)) {
      this.#state = { status: 'signed-in', user: stored.user };
      this.#observable.invalidate();
    }
    if (renewed) this.#events.emit('token', stored.token);
  }
}

function sameUser(a: OwnUser, b: OwnUser): boolean {
  return (
    a.id === b.id &&
    a.email === b.email &&
    a.username === b.username &&
    a.displayName === b.displayName &&
    a.avatarUrl === b.avatarUrl
  );
}
