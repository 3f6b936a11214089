export * from './http-settings.ts';
export * from './process-settings.ts';
export * from './setting-schemas.ts';
export * from './settings.ts';
