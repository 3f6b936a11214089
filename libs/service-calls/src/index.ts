export * from './credentials/service-credentials.ts';
export * from './room-directory/http-room-directory.ts';
export * from './room-directory/room-directory.controller.ts';
export * from './service-client.ts';
export * from './session-status/http-session-status.ts';
export * from './session-status/session-status.controller.ts';
export * from './user-directory/http-user-directory.ts';
export * from './user-directory/user-directory.controller.ts';
