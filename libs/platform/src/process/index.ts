export * from './instance-id.ts';
export * from './run-process.ts';
export * from './stop-signals.ts';
