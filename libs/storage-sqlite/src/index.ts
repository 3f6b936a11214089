export * from './data-folder.ts';
export * from './sqlite-storage.ts';
