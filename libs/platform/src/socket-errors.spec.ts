import { describe, expect, it } from '@jest/globals';
import { SocketError } from '@chat/contracts';
import { z } from 'zod';
import { RateLimitedError } from './failures.ts';
import { parsePayload } from './schema-validation.ts';
import { toSocketError } from './socket-errors.ts';

function errorFrom(action: () => unknown): SocketError {
  try {
    action();
  } catch (error) {
    return SocketError.strict().parse(toSocketError(error));
  }
  throw new Error('It did not fail.');
}

describe('a failed event', () => {
  it('is told what is wrong with its payload', () => {
    const Payload = z.object({ rooms: z.array(z.object({ id: z.string() })) });
    expect(errorFrom(() => parsePayload(Payload, { rooms: [{ id: 1 }] }))).toEqual({
      code: 'VALIDATION',
      message: 'The input is not valid.',
      details: [{ path: 'rooms.0.id', message: expect.stringMatching(/^Invalid input.*\.$/) }],
    });
  });

  it('is told when to come again', () => {
    const error = new RateLimitedError('Slow down.', 12.3);
    expect(toSocketError(error)).toEqual({
      code: 'RATE_LIMITED',
      message: 'Slow down.',
      retryAfterMs: 13,
    });
  });

  it('is told nothing about what nobody expected', () => {
    expect(JSON.stringify(toSocketError(new Error('SQLITE_CORRUPT')))).not.toContain('SQLITE');
    expect(toSocketError('odd').code).toBe('INTERNAL');
  });
});
