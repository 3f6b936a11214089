export * from './in-memory-feed.ts';
