export * from './feed-publisher.ts';
export * from './message-store.ts';
export * from './writer/message-writer.ts';
export * from './writer/partition-writer.ts';
