import { perSecond, type RateLimit } from '@chat/platform/limits';
import { wholeNumber, type SettingValues } from '@chat/platform/settings';

/** Settings of send limits. */
export const sendSettings = {
  SEND_RATE: wholeNumber(1, 1_000_000)
    .default(50)
    .describe('Sustained rate of messages per user, per second.'),
  SEND_BURST: wholeNumber(1, 1_000_000).default(200).describe('Burst of messages per user.'),
} as const;

/** Settings of sockets: the heartbeat of Socket.IO, and limits of unauthenticated clients. */
export const socketSettings = {
  SOCKET_PING_INTERVAL_MS: wholeNumber(100, 300_000)
    .default(20_000)
    .describe('Interval of the Socket.IO heartbeat, in milliseconds.'),
  SOCKET_PING_TIMEOUT_MS: wholeNumber(100, 300_000)
    .default(15_000)
    .describe('Timeout of a Socket.IO heartbeat, in milliseconds.'),
  SOCKET_CONNECT_RATE: wholeNumber(1, 1_000_000)
    .default(500)
    .describe('Sustained rate of connections to the socket server per address, per second.'),
  SOCKET_CONNECT_BURST: wholeNumber(1, 1_000_000)
    .default(2_000)
    .describe('Burst of connections to the socket server per address.'),
  SOCKET_MAX_UNAUTHENTICATED_PER_ADDRESS: wholeNumber(1, 1_000_000)
    .default(1_000)
    .describe('Concurrent unauthenticated connections per address.'),
  SOCKET_MAX_UNAUTHENTICATED: wholeNumber(1, 1_000_000)
    .default(4_000)
    .describe('Concurrent unauthenticated connections of all addresses.'),
} as const;

/** Client events of any kind per user. */
const EVENT_LIMIT: RateLimit = { points: 200, windowMs: 1_000, burst: 1_000 };
const MAX_SOCKETS_PER_USER = 100;

/** Settings of the socket server; provided by the app. */
export abstract class RealtimeSettings {
  /** Sends per user. */
  abstract readonly sendLimit: RateLimit;
  /** Client events of any kind per user: also bounds the work caused by invalid events. */
  abstract readonly eventLimit: RateLimit;
  /** Maximum number of open sockets of one user on this instance. */
  abstract readonly maxSocketsPerUser: number;
  /** New connections per address. */
  abstract readonly connectLimit: RateLimit;
  /** Open connections to this instance that have not authenticated yet. */
  abstract readonly maxUnauthenticated: {
    readonly perAddress: number;
    readonly total: number;
  };

  /** Derives the settings from the settings of the process. */
  static of(
    settings: SettingValues<typeof sendSettings & typeof socketSettings>,
  ): RealtimeSettings {
    const { SEND_RATE: points, SEND_BURST: burst } = settings;
    const { SOCKET_CONNECT_RATE, SOCKET_CONNECT_BURST } = settings;
    return {
      sendLimit: { points, windowMs: 1_000, burst },
      // Every send is also an event.
      eventLimit: {
        ...EVENT_LIMIT,
        points: Math.max(EVENT_LIMIT.points, 2 * points),
        burst: Math.max(EVENT_LIMIT.burst, 2 * burst),
      },
      maxSocketsPerUser: MAX_SOCKETS_PER_USER,
      connectLimit: perSecond(SOCKET_CONNECT_RATE, SOCKET_CONNECT_BURST),
      maxUnauthenticated: {
        perAddress: settings.SOCKET_MAX_UNAUTHENTICATED_PER_ADDRESS,
        total: settings.SOCKET_MAX_UNAUTHENTICATED,
      },
    };
  }
}
