export * from './message-log-contract.ts';
export * from './message-store-contract.ts';
export type { OpenStore } from './opened-store.ts';
export * from './room-store-contract.ts';
export * from './session-store-contract.ts';
export * from './user-store-contract.ts';
