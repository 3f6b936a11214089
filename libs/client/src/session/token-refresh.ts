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
    const stored = this.#stored();
    if (stored.token !== usedToken) return stored.token;
    const { refreshToken } = stored;
    const result = await this.#http
      .request<Tokens>({ method: 'POST', path: '/auth/refresh', body: { refreshToken } })
      .catch((error: unknown) => error as ChatError);

    const current = this.#stored();
    if (current.refreshToken !== refreshToken) return current.token;
    if (result instanceof ChatError) {
      if (result.status === 401) this.#onRejected();
      throw result;
    }
    this.#storage.save({ ...toStoredTokens(result.data), user: current.user });
    return result.data.token;
  }

  #stored(): StoredSession {
    const stored = this.#storage.load();
    if (stored) return stored;
    throw new ChatError('UNAUTHORIZED', 'You’re signed out. Sign in to continue.', { status: 401 });
  }
}
