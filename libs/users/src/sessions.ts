import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessTokens, SESSION_ENDED, type Identity } from '@chat/auth';
import type { Session, Tokens } from '@chat/contracts';
import { NotFoundError, UnauthorizedError, UnavailableError } from '@chat/platform/failures';
import { Signals } from '@chat/platform/signals';
import { RefreshTokens } from './refresh-tokens.ts';
import { SessionStatusCache } from './session-status-cache.ts';
import { SessionStore, type SessionRecord } from './session-store.ts';
import { UserStore, type UserRecord } from './user-store.ts';

/** Lifetime of a session since its last refresh, in milliseconds. */
const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;
/** Time for which a used refresh token still returns its successor, in milliseconds. */
const GRACE_MS = 30_000;
/** Maximum number of sessions per user; a new session beyond it ends the oldest. */
const MAX_SESSIONS_PER_USER = 200;
const MAX_USER_AGENT_LENGTH = 256;

/** Begins, refreshes, lists and ends the sessions of users. */
@Injectable()
export class Sessions {
  constructor(
    private readonly store: SessionStore,
    private readonly users: UserStore,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly status: SessionStatusCache,
    private readonly signals: Signals,
  ) {}

  /** Begins a session for an authenticated user. */
  async begin(user: UserRecord, userAgent?: string): Promise<Tokens> {
    const now = new Date();
    const session: SessionRecord = {
      id: randomBytes(16).toString('base64url'),
      userId: user.id,
      generation: 1,
      rotatedAt: now.toISOString(),
      createdAt: now.toISOString(),
      expiresAt: expiryFrom(now),
      ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, MAX_USER_AGENT_LENGTH) }),
    };
    await this.store.insert(session);
    const sessions = await this.store.listByUser(user.id, now.toISOString());
    for (const excess of sessions.slice(MAX_SESSIONS_PER_USER)) await this.end(excess.id);
    return this.#issueTokens(session, user);
  }

  /**
   * Returns a new pair of tokens for a refresh token. The token that was used
   * last returns the same successor for another 30 s. Use of an older token means that it was
   * stolen or copied, and ends the session for every client that has one of its tokens.
   *
   * @throws UnauthorizedError
   */
  async refresh(refreshToken: string): Promise<Tokens> {
    const position = this.refreshTokens.verify(refreshToken);
    if (!position) throw sessionEndedError();
    const session = await this.#useToken(position.sessionId, position.generation);
    const user = session && (await this.users.findById(session.userId));
    if (!session || !user) throw sessionEndedError();
    return this.#issueTokens(session, user);
  }

  /** Returns the user's sessions, newest first. */
  async list(identity: Identity): Promise<Session[]> {
    const records = await this.store.listByUser(identity.userId, new Date().toISOString());
    return records.map(({ id, createdAt, rotatedAt, userAgent }) => ({
      id,
      createdAt,
      lastUsedAt: rotatedAt,
      ...(userAgent === undefined ? {} : { userAgent }),
      current: id === identity.sessionId,
    }));
  }

  /**
   * Ends one of the user's sessions.
   *
   * @throws NotFoundError for a session that belongs to a different user.
   */
  async endOwn(identity: Identity, sessionId: string): Promise<void> {
    const session = await this.store.find(sessionId, new Date().toISOString());
    if (session?.userId !== identity.userId) {
      throw new NotFoundError('Session not found.');
    }
    await this.end(sessionId);
  }

  /** Ends a session: invalidates its tokens and signals the processes that serve its sockets. */
  async end(sessionId: string): Promise<void> {
    await this.store.delete(sessionId);
    this.status.markEnded(sessionId);
    this.signals.publish(SESSION_ENDED, { sessionId });
  }

  /** Uses the token of `generation` and returns the session; undefined if the token is rejected. */
  async #useToken(id: string, generation: number): Promise<SessionRecord | undefined> {
    const now = new Date();
    const rotated = await this.store.rotate(id, generation, {
      rotatedAt: now.toISOString(),
      expiresAt: expiryFrom(now),
    });
    if (rotated) return rotated;
    const session = await this.store.find(id, now.toISOString());
    if (!session || generation > session.generation) return undefined;
    // The token is unused: the store did not rotate for an unknown reason, or rolled back.
    if (generation === session.generation) {
      throw new UnavailableError('The session could not be refreshed. Please try again.', 1_000);
    }
    const sinceRotation = now.getTime() - Date.parse(session.rotatedAt);
    if (generation === session.generation - 1 && sinceRotation <= GRACE_MS) return session;
    await this.end(id);
    return undefined;
  }

  async #issueTokens(session: SessionRecord, user: UserRecord): Promise<Tokens> {
    const { id: sessionId, generation } = session;
    return {
      token: await this.accessTokens.sign({
        userId: user.id,
        username: user.username,
        sessionId,
      }),
      refreshToken: this.refreshTokens.create({ sessionId, generation }),
      expiresIn: this.accessTokens.ttlSeconds,
    };
  }
}

function expiryFrom(now: Date): string {
  return new Date(now.getTime() + LIFETIME_MS).toISOString();
}

function sessionEndedError(): UnauthorizedError {
  return new UnauthorizedError('Your session has ended. Please sign in again.');
}
