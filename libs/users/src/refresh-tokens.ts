import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { TokenSettings } from '@chat/auth';

/** Identifies one refresh token of a session. */
export interface RefreshTokenPosition {
  readonly sessionId: string;
  /** Number of the token within the session: 1, 2, 3 … */
  readonly generation: number;
}

const PATTERN = /^([A-Za-z0-9_-]{1,64})\.([1-9]\d{0,14})\.([A-Za-z0-9_-]{43})$/;

/**
 * Creates and verifies refresh tokens: `sessionId.generation.mac`. A token is derived from
 * its session, so that the same successor can be issued twice and no secret is stored.
 */
@Injectable()
export class RefreshTokens {
  readonly #key: Buffer;

  constructor(settings: TokenSettings) {
    this.#key = Buffer.from(hkdfSync('sha256', settings.secret, '', 'chat refresh token', 32));
  }

  create({ sessionId, generation }: RefreshTokenPosition): string {
    const position = `${sessionId}.${generation}`;
    return `${position}.${this.#mac(position).toString('base64url')}`;
  }

  /** Returns the position of a token; undefined if its format or its MAC is invalid. */
  verify(token: string): RefreshTokenPosition | undefined {
    const [, sessionId, generation, mac] = PATTERN.exec(token) ?? [];
    if (sessionId === undefined || generation === undefined || mac === undefined) return undefined;
    const expected = this.#mac(`${sessionId}.${generation}`);
    if (!timingSafeEqual(expected, Buffer.from(mac, 'base64url'))) return undefined;
    return { sessionId, generation: Number(generation) };
  }

  #mac(position: string): Buffer {
    return createHmac('sha256', this.#key).update(position).digest();
  }
}
