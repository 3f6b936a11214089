import type { Tokens } from '@chat/contracts';
import type { StoredSession } from './session-storage.ts';

/** Fraction of an access token's lifetime after which it is refreshed. */
const REFRESH_AFTER = 0.9;

/** Converts tokens from the server to their stored form, with times by the local clock. */
export function toStoredTokens({
  token,
  refreshToken,
  expiresIn,
}: Tokens): Omit<StoredSession, 'user'> {
  const now = Date.now();
  const lifeMs = expiresIn * 1_000;
  return {
    token,
    refreshToken,
    expiresAt: now + lifeMs,
    refreshAt: now + lifeMs * REFRESH_AFTER,
  };
}
