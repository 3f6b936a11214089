export * from './identity.ts';
export * from './session-status.ts';
