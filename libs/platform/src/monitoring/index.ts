export * from './health-checks.ts';
export * from './metrics.ts';
export * from './metrics.module.ts';
export * from './refusals.ts';
