import type { Tokens } from '@chat/contracts';
import { ChatError } from '../chat-error.ts';
import type { HttpTransport } from '../rest/http-transport.ts';
import { withLock } from '../with-lock.ts';
import type { SessionStorage, StoredSession } from './session-storage.ts';
import { toStoredTokens } from './stored-tokens.ts';

/** Replaces the access token in the storage: one request for all callers and tabs. */
export class TokenRefresh {
  readonly #http: HttpTransport;
  readonly #storage: SessionStorage;
  readonly #onRejected: () => void;
  #running: Promise<string> | undefined;

  /** @param onRejected called when the server rejects the refresh */
  constructor(http: HttpTransport, storage: SessionStorage, onRejected: () => void) {
    this.#http = http;
    this.#storage = storage;
    this.#onRejected = onRejected;
  }

  /** See {@link Session.accessToken}. */
  async validToken(): Promise<string> {
    try {
      return await this.refreshWhenDue();
    } catch (error) {
      const stored = this.#storage.load();
      if (stored && stored.expiresAt > Date.now()) return stored.token;
      throw error;
    }
  }

  /** See {@link Session.refreshWhenDue}. */
  async refreshWhenDue(): Promise<string> {
    const stored = this.#stored();
    return stored.refreshAt > Date.now() ? stored.token : this.refresh(stored.token);
  }

  /** See {@link Session.refresh}. */
  refresh(usedToken: string): Promise<string> {
    this.#running ??= this.#refreshWithLock(usedToken).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #refreshWithLock(usedToken: string): Promise<string> {
    const { user } = this.#stored();
    return withLock(`chat-session:${user.id}`, () => this.#refresh(usedToken));
  }

  async #refresh(usedToken: string): Promise<string> {
    const before = this.#stored();
    if (before.token !== usedToken) return before.token;
    const { refreshToken } = before;
    const result = await this.#http
      .request<Tokens>({ method: 'POST', path: '/auth/refresh', body: { refreshToken } })
      .catch((error: unknown) => error as ChatError);

    const now = this.#stored();
    if (now.refreshToken !== refreshToken) return now.token;
    if (result instanceof ChatError) {
      if (result.status === 401) this.#onRejected();
      throw result;
    }
    this.#storage.save({ ...toStoredTokens(result.data), user: now.user });
    return result.data.token;
  }

  #stored(): StoredSession {
    const stored = this.#storage.load();
    if (stored) return stored;
    throw new ChatError('UNAUTHORIZED', 'You’re signed out. Sign in to continue.', { status: 401 });
  }
}
