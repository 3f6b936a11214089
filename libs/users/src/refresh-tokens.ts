import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { TokenSettings } from '@chat/auth';

/** Which of a session's refresh tokens a token is. */
export interface RefreshTokenPosition {
  readonly sessionId: string;
  /** 1, 2, 3 … */
  readonly generation: number;
}

const FORM = /^([A-Za-z0-9_-]{1,64})\.([1-9]\d{0,14})\.([A-Za-z0-9_-]{43})$/;

/**
 * Refresh tokens: `sessionId.generation.mac`. They follow from the session, so
 * that the same successor can be given twice and nothing secret is stored.
 */
@Injectable()
export class RefreshTokens {
  private readonly key: Buffer;

  constructor(settings: TokenSettings) {
    this.key = Buffer.from(hkdfSync('sha256', settings.secret, '', 'chat refresh token', 32));
  }

  make({ sessionId, generation }: RefreshTokenPosition): string {
    const position = `${sessionId}.${generation}`;
    return `${position}.${this.mac(position).toString('base64url')}`;
  }

  /** Undefined for anything that was not made here. */
  read(token: string): RefreshTokenPosition | undefined {
    const [, sessionId, generation, mac] = FORM.exec(token) ?? [];
    if (sessionId === undefined || generation === undefined || mac === undefined) return undefined;
    const expected = this.mac(`${sessionId}.${generation}`);
    if (!timingSafeEqual(expected, Buffer.from(mac, 'base64url'))) return undefined;
    return { sessionId, generation: Number(generation) };
  }

  private mac(position: string): Buffer {
    return createHmac('sha256', this.key).update(position).digest();
  }
}
