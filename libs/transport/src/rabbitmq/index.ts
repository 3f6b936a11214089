export type { DeadLetter } from './dead-letters/dead-letter.ts';
export * from './dead-letters/dead-letters.ts';
export * from './partitioned-rmq-server.ts';
export * from './rabbitmq-message-publisher.ts';
export * from './rabbitmq-settings.ts';
