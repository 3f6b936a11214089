export * from './bounded-read.ts';
export * from './concurrency-limiter.ts';
export * from './in-memory-rate-limiter.ts';
export * from './items-by-owner.ts';
export * from './rate-limiter.ts';
export * from './read-budget.ts';
export * from './read-settings.ts';
