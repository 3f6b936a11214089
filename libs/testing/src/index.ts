export * from './eventually.ts';
export * from './link.ts';
export * from './private-port.ts';
export * from './requires-server.ts';
export * from './standalone-process.ts';
export * from './rabbitmq-server.ts';
export * from './redis-server.ts';
export * from './server-process.ts';
