export * from './session-store.ts';
export { SignInSettings } from './sign-in-limits.ts';
export * from './user-store.ts';
export * from './users.module.ts';
export * from './users.ts';
