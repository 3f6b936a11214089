import { perSecond, type RateLimit } from '@chat/platform/limits';
import { serviceOrigins, wholeNumber, type SettingValues } from '@chat/platform/settings';
import { DEFAULT_POOL_OPTIONS, type PoolOptions } from './upstreams/upstream-pool.ts';

/** Origins of the services behind the gateway. */
export const upstreamUrls = {
  USERS_URLS: serviceOrigins('the users service', 3001),
  MESSAGES_URLS: serviceOrigins('the messages service', 3002),
  CHAT_URLS: serviceOrigins('the chat service', 3003),
} as const;

/** Limits and timeouts for forwarded traffic. */
export const forwardingSettings = {
  GATEWAY_RATE: wholeNumber(1, 1_000_000)
    .default(500)
    .describe('Sustained rate of requests and new sockets per client address, per second.'),
  GATEWAY_BURST: wholeNumber(1, 1_000_000)
    .default(2_000)
    .describe('Burst of requests and new sockets per client address.'),
  GATEWAY_MAX_SOCKETS: wholeNumber(1, 1_000_000)
    .default(20_000)
    .describe('Maximum number of concurrent WebSockets through this gateway.'),
  GATEWAY_TIMEOUT_MS: wholeNumber(100, 600_000)
    .default(15_000)
    .describe('Timeout for the first byte of a response from a service, in milliseconds.'),
  GATEWAY_RETRY_MS: wholeNumber(0, 60_000)
    .default(5_000)
    .describe('How long to keep retrying a request that no instance accepts, in milliseconds.'),
} as const;

/** Settings of the gateway; provided by the app. */
export abstract class GatewaySettings {
  /** Origins of the instances of each service. */
  abstract readonly urls: Readonly<Record<UpstreamName, readonly string[]>>;
  /** Rate limit of requests and new sockets, per client address. */
  abstract readonly limit: RateLimit;
  /** Timeout for the start of a response, in milliseconds. */
  abstract readonly timeoutMs: number;
  /** How long to keep retrying a request that no instance accepts, in milliseconds. */
  abstract readonly retryForMs: number;
  /** Maximum number of concurrent WebSockets. */
  abstract readonly maxSockets: number;
  abstract readonly pool: PoolOptions;

  /** Derives the settings from the settings of the process. */
  static of(
    settings: SettingValues<typeof upstreamUrls & typeof forwardingSettings>,
  ): GatewaySettings {
    return {
      urls: {
        users: settings.USERS_URLS,
        messages: settings.MESSAGES_URLS,
        chat: settings.CHAT_URLS,
      },
      limit: perSecond(settings.GATEWAY_RATE, settings.GATEWAY_BURST),
      timeoutMs: settings.GATEWAY_TIMEOUT_MS,
      retryForMs: settings.GATEWAY_RETRY_MS,
      maxSockets: settings.GATEWAY_MAX_SOCKETS,
      pool: DEFAULT_POOL_OPTIONS,
    };
  }
}

export type UpstreamName = 'users' | 'messages' | 'chat';
