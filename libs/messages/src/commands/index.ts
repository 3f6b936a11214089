export * from './command.ts';
export * from './message-command.ts';
export * from './message-create.ts';
export * from './message-id.ts';
export * from './partitions.ts';
