export * from './redis-circuit-breaker.ts';
export * from './redis-history-cache.ts';
export * from './redis-rate-limiter.ts';
export * from './room-rev-cache.ts';
