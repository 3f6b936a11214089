export * from './failures.ts';
export * from './rate-limiter.ts';
export * from './signals.ts';
