import type { RateLimit } from '@chat/platform';
import type { PoolOptions } from './upstreams/upstream-pool.ts';

/** What an operator decides about the gateway; provided by the app. */
export abstract class GatewaySettings {
  /** Origins of the instances of each service. */
  abstract readonly urls: Readonly<Record<UpstreamName, readonly string[]>>;
  /** Requests and new sockets, per address. */
  abstract readonly limit: RateLimit;
  /** Longest wait for the beginning of an answer, in milliseconds. */
  abstract readonly timeoutMs: number;
  /** How long a request that no instance takes is tried again, in milliseconds. */
  abstract readonly retryForMs: number;
  /** Sockets that pass through at once. */
  abstract readonly maxSockets: number;
  abstract readonly pool: PoolOptions;
}

export type UpstreamName = 'users' | 'messages' | 'chat';
