export * from './session-store.ts';
export * from './sign-in-settings.ts';
export * from './user-store.ts';
export * from './users.module.ts';
export * from './users.ts';
