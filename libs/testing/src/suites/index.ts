export * from './requires-mongo.ts';
export * from './requires-server.ts';
