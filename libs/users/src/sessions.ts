import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessTokens, type Identity } from '@chat/auth';
import type { Session, Tokens } from '@chat/contracts';
import { NotFoundError, Signals, UnauthorizedError, UnavailableError } from '@chat/platform';
import { RefreshTokens } from './refresh-tokens.ts';
import { SessionStatusCache } from './session-status-cache.ts';
import { SessionStore, type SessionRecord } from './session-store.ts';
import { UserStore, type UserRecord } from './user-store.ts';

/** How long a session lives after it was last refreshed, in milliseconds. */
const LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;
/** How long a used refresh token still gives its successor, in milliseconds. */
const GRACE_MS = 30_000;
/** Most sessions of one user; beyond it the oldest ends. */
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

  /** Begins a session of a user who proved to be that user. */
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
    return this.tokens(session, user);
  }

  /**
   * A new pair of tokens for a refresh token. The one used last gives the same
   * successor for 30 s more; an older one has been stolen or copied: its use
   * ends the session for everybody who holds a token of it.
   *
   * @throws UnauthorizedError
   */
  async refresh(refreshToken: string): Promise<Tokens> {
    const position = this.refreshTokens.read(refreshToken);
    if (!position) throw refusedRefresh();
    const session = await this.advance(position.sessionId, position.generation);
    const user = session && (await this.users.findById(session.userId));
    if (!session || !user) throw refusedRefresh();
    return this.tokens(session, user);
  }

  /** The user's sessions, newest first. */
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

  /** @throws NotFoundError for a session that is not the user's own. */
  async endOwn(identity: Identity, sessionId: string): Promise<void> {
    const session = await this.store.find(sessionId, new Date().toISOString());
    if (session?.userId !== identity.userId) {
      throw new NotFoundError('You have no such session.');
    }
    await this.end(sessionId);
  }

  /** Ends a session: its tokens are worth nothing any more, and its sockets are told. */
  async end(sessionId: string): Promise<void> {
    await this.store.delete(sessionId);
    this.status.ended(sessionId);
    this.signals.publish({ type: 'session-ended', sessionId });
  }

  /** The session as it stands after its refresh token of `generation` was used; undefined refuses. */
  private async advance(id: string, generation: number): Promise<SessionRecord | undefined> {
    const now = new Date();
    const rotated = await this.store.rotate(id, generation, {
      rotatedAt: now.toISOString(),
      expiresAt: expiryFrom(now),
    });
    if (rotated) return rotated;
    const session = await this.store.find(id, now.toISOString());
    if (!session || generation > session.generation) return undefined;
    // Nobody has used it: the store has not said why it did not rotate, or has undone it.
    if (generation === session.generation) {
      throw new UnavailableError('The session cannot be refreshed at the moment.', 1_000);
    }
    const sinceRotation = now.getTime() - Date.parse(session.rotatedAt);
    if (generation === session.generation - 1 && sinceRotation <= GRACE_MS) return session;
    await this.end(id);
    return undefined;
  }

  private async tokens(session: SessionRecord, user: UserRecord): Promise<Tokens> {
    const { id: sessionId, generation } = session;
    return {
      token: await this.accessTokens.sign({
        userId: user.id,
        username: user.username,
        sessionId,
      }),
      refreshToken: this.refreshTokens.make({ sessionId, generation }),
      expiresIn: this.accessTokens.ttlSeconds,
    };
  }
}

function expiryFrom(now: Date): string {
  return new Date(now.getTime() + LIFETIME_MS).toISOString();
}

function refusedRefresh(): UnauthorizedError {
  return new UnauthorizedError('The session has ended; please sign in again.');
}
