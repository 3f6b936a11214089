export * from './redis-connection.ts';
export * from './redis-feed-publisher.ts';
export * from './redis-feed-subscriber.ts';
