import { describe, expect, it } from '@jest/globals';
import { corsOrigin } from './cors.ts';

describe('CORS_ORIGINS', () => {
  const allows = (settings: Parameters<typeof corsOrigin>[0], origin: string | undefined) => {
    let allowed: boolean | undefined;
    corsOrigin(settings)(origin, (_error, allow) => (allowed = allow));
    return allowed;
  };

  it('allows exactly the listed origins', () => {
    const settings = { NODE_ENV: 'production', CORS_ORIGINS: ['https://chat.example.com'] };
    expect(allows(settings, 'https://chat.example.com')).toBe(true);
    expect(allows(settings, 'http://localhost:3000')).toBe(false);
    expect(allows(settings, undefined)).toBe(false);
  });

  it('allows localhost when it is unset, but not in production', () => {
    expect(allows({ NODE_ENV: 'development' }, 'http://[::1]:5173')).toBe(true);
    expect(allows({ NODE_ENV: 'development' }, 'null')).toBe(false);
    expect(allows({ NODE_ENV: 'production' }, 'http://localhost')).toBe(false);
  });
});
