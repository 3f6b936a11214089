export * from './room-store.ts';
