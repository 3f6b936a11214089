export * from './feed-subscriber.ts';
export * from './message-publisher.ts';
export * from './room-directory.ts';
