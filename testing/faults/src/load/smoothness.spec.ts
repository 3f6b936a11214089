import { describe, expect, it } from '@jest/globals';
import type { Outcome, Send, Shown } from '../check/observation.ts';
import { isSmooth } from './smoothness.ts';

const SINCE = 10_000;
const SENT = send(11_000, { kind: 'ok', id: 'id', at: 11_020 });
const SHOWN = shown(11_000, 11_030);

describe('isSmooth', () => {
  it('returns true when every send was acknowledged soon and every message shown soon', () => {
    expect(isSmooth({ sends: [[SENT], [SENT]], shown: [[SHOWN], [SHOWN]] }, SINCE)).toBe(true);
  });

  it('returns false when one sender was not acknowledged since the given time', () => {
    const earlier = send(9_000, { kind: 'ok', id: 'id', at: 9_020 });
    expect(isSmooth({ sends: [[SENT], [earlier]], shown: [[SHOWN]] }, SINCE)).toBe(false);
  });

  it.each<[string, Outcome]>([
    ['refused', { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 100, at: 11_020 }],
    ['not answered', { kind: 'no-answer', at: 16_000 }],
    ['acknowledged late', { kind: 'ok', id: 'id', at: 11_700 }],
  ])('returns false when a send was %s, although later ones were acknowledged', (_, outcome) => {
    const sends = [[send(11_000, outcome), send(16_000, { kind: 'ok', id: 'id', at: 16_020 })]];
    expect(isSmooth({ sends, shown: [[SHOWN]] }, SINCE)).toBe(false);
  });

  it('returns true when a send was refused only before the given time', () => {
    const refused: Outcome = { kind: 'error', code: 'UNAVAILABLE', retryAfterMs: 1, at: 9_500 };
    const sends = [[send(9_000, refused), SENT]];
    expect(isSmooth({ sends, shown: [[SHOWN]] }, SINCE)).toBe(true);
  });

  it('returns false when one client was shown no message since the given time', () => {
    const joined: Shown = { kind: 'joined', rev: 1, at: 11_000 };
    const shownToOne = [shown(9_000, 9_020), joined];
    expect(isSmooth({ sends: [[SENT]], shown: [[SHOWN], shownToOne] }, SINCE)).toBe(false);
  });

  it('returns false when a message was shown late, although later ones were shown soon', () => {
    const shownToOne = [shown(11_000, 11_700), shown(12_000, 12_020)];
    expect(isSmooth({ sends: [[SENT]], shown: [shownToOne] }, SINCE)).toBe(false);
  });
});

function send(startedAt: number, outcome: Outcome): Send {
  return {
    clientMessageId: `c${startedAt}`,
    roomId: 'general',
    userId: 'ada',
    text: 'hello',
    attempts: [{ startedAt, connection: 'ada/1', number: 1, outcome }],
  };
}

function shown(acceptedAt: number, at: number): Shown {
  const message = {
    id: `id${acceptedAt}`,
    roomId: 'general',
    seq: 1,
    rev: 1,
    userId: 'ada',
    username: 'Ada',
    text: 'hello',
    timestamp: new Date(acceptedAt).toISOString(),
  };
  return { kind: 'message', message, at };
}
