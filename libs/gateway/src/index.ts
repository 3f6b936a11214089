export type { TrustProxy } from './forwarding/client-address.ts';
export * from './forwarding/upgrade-forwarder.ts';
export * from './gateway-settings.ts';
export * from './gateway.module.ts';
export * from './upstreams/upstream-pool.ts';
