export * from './redis-connection.ts';
export * from './redis-connections.ts';
export * from './redis-feed-publisher.ts';
export * from './redis-feed-subscriber.ts';
export * from './redis-settings.ts';
export * from './redis-signals.ts';
export * from './redis-socket-io.adapter.ts';
