export * from './data-directory.ts';
export * from './sqlite-storage.ts';
