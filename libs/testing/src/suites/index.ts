export * from './requires-mongo.ts';
export * from './requires-server.ts';
export * from './requires-services.ts';
