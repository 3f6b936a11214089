export * from './feed-publisher.ts';
export * from './message-store.ts';
