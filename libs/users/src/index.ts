export * from './session-store.ts';
export * from './user-store.ts';
