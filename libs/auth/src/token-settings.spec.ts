import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { TokenSettings, tokenSettings } from './token-settings.ts';

const parse = z.object(tokenSettings).parse.bind(z.object(tokenSettings));

describe('the settings of access tokens', () => {
  it('limit the lifetime to an hour and have no secret by default', () => {
    expect(parse({})).toEqual({ ACCESS_TOKEN_TTL_SECONDS: 3_600 });
  });

  it('combine the resolved secret with the lifetime', () => {
    expect(TokenSettings.of(parse({ ACCESS_TOKEN_TTL_SECONDS: '60' }), 'resolved')).toEqual({
      secret: 'resolved',
      accessTokenTtlSeconds: 60,
    });
  });
});
