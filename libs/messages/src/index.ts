export * from './feed-publisher.ts';
export * from './message-history.ts';
export * from './message-store.ts';
export * from './messages.module.ts';
export * from './writer/message-writer.ts';
