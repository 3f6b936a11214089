import { describe, expect, it } from '@jest/globals';
import { loadSettings } from '@chat/platform/settings';
import { z } from 'zod';
import { redisSettings } from './redis-settings.ts';

describe('REDIS_URL', () => {
  const Redis = z.object(redisSettings);

  it.each([
    'redis://localhost:6379',
    'rediss://user:pass@redis.example.com:6380/1',
    'redis://:pass@[::1]',
  ])('accepts %s', (url) => {
    const env = { REDIS_URL: url };
    expect(loadSettings(Redis, { argv: [], env })).toEqual(env);
  });

  it.each(['', 'localhost:6379', 'http://:hunter2@redis', 'redis://'])(
    'rejects %j with an error that contains its name but not its value',
    (url) => {
      const load = () => loadSettings(Redis, { argv: [], env: { REDIS_URL: url } });
      expect(load).toThrow(/^REDIS_URL: must be [a-z]/);
      expect(load).not.toThrow(/hunter2/);
    },
  );
});
