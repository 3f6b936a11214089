export * from './private-port.ts';
export * from './standalone-process.ts';
