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
  readonly #onRefused: () => void;
  #running: Promise<string> | undefined;

  /** @param onRefused called when the server refuses to refresh the session */
  constructor(http: HttpTransport, storage: SessionStorage, onRefused: () => void) {
    this.#http = http;
    this.#storage = storage;
    this.#onRefused = onRefused;
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
    const answer = await this.#http
      .request<Tokens>({ method: 'POST', path: '/auth/refresh', body: { refreshToken } })
      .catch((error: unknown) => error as ChatError);

    const now = this.#stored();
    if (now.refreshToken !== refreshToken) return now.token;
    if (answer instanceof ChatError) {
      if (answer.status === 401) this.#onRefused();
      throw answer;
    }
    this.#storage.save({ ...toStoredTokens(answer.data), user: now.user });
    return answer.data.token;
  }

  #stored(): StoredSession {
    const stored = this.#storage.load();
    if (stored) return stored;
    throw new ChatError('UNAUTHORIZED', 'You’re signed out. Sign in to continue.', { status: 401 });
  }
}
