export * from './feed-subscriber.ts';
export * from './in-memory-feed.ts';
export * from './message-publisher.ts';
export * from './realtime-settings.ts';
export * from './realtime.module.ts';
export * from './room-directory.ts';
export * from './socket-io.adapter.ts';
