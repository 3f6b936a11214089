import type {
  LoginRequest,
  LoginResponse,
  OwnUser,
  RegisterRequest,
  RegisterResponse,
  Tokens,
} from '@chat/contracts';
import { ChatError } from './chat-error.ts';
import { Emitter, type Unsubscribe } from './emitter.ts';
import { exclusively } from './exclusively.ts';
import type { HttpTransport } from './http-transport.ts';
import { type Observable, ObservableState } from './observable.ts';
import type { SessionStorage, StoredSession } from './session-storage.ts';

/** Part of an access token's life after which it is refreshed. */
const REFRESH_AFTER = 0.9;

/** Who is signed in. `reason`: `expired` means that the server refused to renew the session. */
export type SessionState =
  | { readonly status: 'signed-in'; readonly user: OwnUser }
  | { readonly status: 'signed-out'; readonly reason?: 'logout' | 'expired' };

/** Signs in and out and keeps the access token fresh. */
export class Session implements Observable<SessionState> {
  readonly #http: HttpTransport;
  readonly #storage: SessionStorage;
  readonly #events = new Emitter<{ token: string }>();
  readonly #stopWatching: Unsubscribe;
  readonly #observable = new ObservableState<SessionState>(() => this.#state);
  #state: SessionState;
  #token: string | undefined;
  #endReason: 'logout' | 'expired' = 'logout';
  #refreshing: Promise<string> | undefined;

  constructor(http: HttpTransport, storage: SessionStorage) {
    this.#http = http;
    this.#storage = storage;
    const stored = storage.load();
    this.#token = stored?.token;
    this.#state = stored ? { status: 'signed-in', user: stored.user } : { status: 'signed-out' };
    this.#stopWatching = storage.onChange(() => this.#follow());
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): SessionState => this.#observable.getSnapshot();

  /** The signed-in user, if any. */
  get user(): OwnUser | undefined {
    return this.#state.status === 'signed-in' ? this.#state.user : undefined;
  }

  /**
   * Creates an account and signs in.
   * @throws ChatError CONFLICT (e-mail or username taken), VALIDATION, RATE_LIMITED, NETWORK
   */
  async register(request: RegisterRequest): Promise<OwnUser> {
    const { data } = await this.#http.request<RegisterResponse>({
      method: 'POST',
      path: '/auth/register',
      body: request,
    });
    return this.#signIn(data);
  }

  /** @throws ChatError UNAUTHORIZED, RATE_LIMITED, NETWORK */
  async login(request: LoginRequest): Promise<OwnUser> {
    const { data } = await this.#http.request<LoginResponse>({
      method: 'POST',
      path: '/auth/login',
      body: request,
    });
    return this.#signIn(data);
  }

  /** Signs out here at once; the server is told as far as it can be reached. Never rejects. */
  async logout(): Promise<void> {
    const stored = this.#storage.load();
    if (!stored) return;
    this.#signOut('logout');
    await this.#http
      .request({ method: 'POST', path: '/auth/logout', token: stored.token })
      .catch(() => undefined);
  }

  /**
   * A valid access token, refreshed when it is about to expire.
   * @throws ChatError UNAUTHORIZED when signed out, or why it could not be refreshed
   */
  async accessToken(): Promise<string> {
    try {
      return await this.renewWhenDue();
    } catch (error) {
      const stored = this.#storage.load();
      if (stored && stored.expiresAt > Date.now()) return stored.token;
      throw error;
    }
  }

  /** Like {@link accessToken}, but rejects when a due refresh fails, also before the expiry. */
  async renewWhenDue(): Promise<string> {
    const stored = this.#stored();
    return stored.refreshAt > Date.now() ? stored.token : this.refresh(stored.token);
  }

  /**
   * Replaces a token that the server refused, or that is due; once for all that ask at the same
   * time, and not at all when another tab has replaced it already.
   */
  refresh(old: string): Promise<string> {
    this.#refreshing ??= this.#refreshAlone(old).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** When the access token is due for a refresh, in milliseconds since the epoch. */
  get refreshAt(): number | undefined {
    return this.#storage.load()?.refreshAt;
  }

  /** Calls `listener` with every new access token, also one that another tab got. */
  onToken(listener: (token: string) => void): Unsubscribe {
    return this.#events.on('token', listener);
  }

  /** Shows the user's changed profile. */
  updateUser(user: OwnUser): void {
    const stored = this.#storage.load();
    if (stored?.user.id === user.id) this.#storage.save({ ...stored, user });
  }

  /** Stops watching the storage. What is stored stays. */
  close(): void {
    this.#stopWatching();
    this.#events.clear();
  }

  async #refreshAlone(old: string): Promise<string> {
    const { user } = this.#stored();
    return exclusively(`chat-session:${user.id}`, () => this.#refresh(old));
  }

  async #refresh(old: string): Promise<string> {
    const before = this.#stored();
    if (before.token !== old) return before.token;
    const { refreshToken } = before;
    const answer = await this.#http
      .request<Tokens>({ method: 'POST', path: '/auth/refresh', body: { refreshToken } })
      .catch((error: unknown) => error as ChatError);

    const now = this.#stored();
    if (now.refreshToken !== refreshToken) return now.token;
    if (answer instanceof ChatError) {
      if (answer.status === 401) this.#signOut('expired');
      throw answer;
    }
    this.#storage.save({ ...keepable(answer.data), user: now.user });
    return answer.data.token;
  }

  #stored(): StoredSession {
    const stored = this.#storage.load();
    if (!stored) throw new ChatError('UNAUTHORIZED', 'You are not signed in.', { status: 401 });
    return stored;
  }

  #signIn({ user, ...tokens }: LoginResponse): OwnUser {
    this.#storage.save({ ...keepable(tokens), user });
    return user;
  }

  #signOut(reason: 'logout' | 'expired'): void {
    this.#endReason = reason;
    this.#storage.clear();
    this.#endReason = 'logout';
  }

  /** Takes over what is stored, whoever changed it. */
  #follow(): void {
    const stored = this.#storage.load();
    const previous = this.#state;
    const token = stored?.token;
    const renewed = token !== undefined && token !== this.#token;
    this.#token = token;
    if (!stored) {
      if (previous.status === 'signed-out') return;
      this.#state = { status: 'signed-out', reason: this.#endReason };
      this.#observable.changed();
      return;
    }
    if (previous.status === 'signed-out' || !sameUser(previous.user, stored.user)) {
      this.#state = { status: 'signed-in', user: stored.user };
      this.#observable.changed();
    }
    if (renewed) this.#events.emit('token', stored.token);
  }
}

function keepable({ token, refreshToken, expiresIn }: Tokens): Omit<StoredSession, 'user'> {
  const now = Date.now();
  const lifeMs = expiresIn * 1_000;
  return {
    token,
    refreshToken,
    expiresAt: now + lifeMs,
    refreshAt: now + lifeMs * REFRESH_AFTER,
  };
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
