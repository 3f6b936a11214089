export * from './logging.ts';
export * from './rate-limited-log.ts';
export * from './request-id.ts';
