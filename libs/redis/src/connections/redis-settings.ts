import { z } from 'zod';

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'redis:' || protocol === 'rediss:') && hostname !== '';
}

/** Settings of a process that connects to Redis. */
export const redisSettings = {
  REDIS_URL: z
    .string('must be set')
    .refine(isRedisUrl, 'must be a URL such as redis://localhost:6379')
    .describe('URL of Redis: redis://user:password@host:6379/database, or rediss:// for TLS.'),
} as const;
