export * from './in-memory-signals.ts';
export * from './signals.ts';
