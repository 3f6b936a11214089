import type { RateLimit } from '@chat/platform';
import type { PoolOptions } from './upstreams/upstream-pool.ts';

/** Settings of the gateway; provided by the app. */
export abstract class GatewaySettings {
  /** Origins of the instances of each service. */
  abstract readonly urls: Readonly<Record<UpstreamName, readonly string[]>>;
  /** Rate limit of requests and new sockets, per address. */
  abstract readonly limit: RateLimit;
  /** Timeout for the start of a response, in milliseconds. */
  abstract readonly timeoutMs: number;
  /** How long a request that no instance accepts is retried, in milliseconds. */
  abstract readonly retryForMs: number;
  /** Most sockets that are forwarded at the same time. */
  abstract readonly maxSockets: number;
  abstract readonly pool: PoolOptions;
}

export type UpstreamName = 'users' | 'messages' | 'chat';
