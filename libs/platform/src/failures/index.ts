export * from './backoff.ts';
export * from './failures.ts';
export * from './http-errors.ts';
export * from './local-failures.ts';
export * from './socket-errors.ts';
export * from './start-error.ts';
export * from './with-timeout.ts';
