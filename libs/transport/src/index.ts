export * from './in-process-message-publisher.ts';
