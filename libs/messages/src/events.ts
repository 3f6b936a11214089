export * from './message-events.module.ts';
