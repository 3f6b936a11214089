export { requireAllowed } from './policy.ts';
export * from './read-positions.ts';
export * from './room-access.ts';
export * from './room-activity.ts';
export * from './room-settings.ts';
export * from './room-store.ts';
export * from './rooms-of-users.ts';
export * from './rooms.module.ts';
export * from './user-directory.ts';
