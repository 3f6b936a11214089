import { assertForHostileTexts } from '@chat/testing/hostile-text';
import { describe, expect, it } from '@jest/globals';
import { bearerTokenOf } from './bearer-token.ts';

function tokenOf(authorization: string): string | null {
  return bearerTokenOf({ headers: { authorization } });
}

describe('bearerTokenOf', () => {
  it.each(['Bearer a.b-c_d', 'bearer a.b-c_d', 'BEARER  a.b-c_d'])('parses "%s"', (header) => {
    expect(tokenOf(header)).toBe('a.b-c_d');
  });

  it.each(['', 'Bearer', 'Bearer ', 'a.b-c_d', 'Basic a.b-c_d', 'Bearer a b', 'x Bearer a'])(
    'returns null for "%s"',
    (header) => {
      expect(tokenOf(header)).toBeNull();
    },
  );

  it('returns null for a request without an Authorization header', () => {
    expect(bearerTokenOf({ headers: {} })).toBeNull();
  });

  it('parses hostile headers in linear time', () => {
    assertForHostileTexts((text) => {
      const token = tokenOf(text);
      return token === null || text.endsWith(token);
    });
  });
});
