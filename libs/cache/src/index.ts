export * from './prompt-redis.ts';
export * from './redis-rate-limiter.ts';
