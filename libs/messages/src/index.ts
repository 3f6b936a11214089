export * from './feed-publisher.ts';
export * from './message-history.ts';
export * from './message-store.ts';
export * from './messages.module.ts';
export * from './writer/event-delivery.ts';
export * from './writer/message-writer.ts';
export * from './writer/partition-writer.ts';
export * from './writer/partition-writers.ts';
