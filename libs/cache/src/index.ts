export * from './prompt-redis.ts';
export * from './redis-history-cache.ts';
export * from './redis-rate-limiter.ts';
export * from './room-revs.ts';
