export * from './call-coalescer.ts';
export * from './chunks.ts';
export * from './growing-lru-cache.ts';
export * from './stale-while-revalidate-cache.ts';
