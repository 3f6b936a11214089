import type { RateLimit } from '@chat/platform';

/** Client events of any kind per user. */
const EVENT_LIMIT: RateLimit = { points: 200, perMs: 1_000, burst: 1_000 };
const MAX_SOCKETS_PER_USER = 100;

/** Settings of the socket server; provided by the app. */
export abstract class RealtimeSettings {
  /** Sends per user. */
  abstract readonly sendLimit: RateLimit;
  /** Client events of any kind per user: bounds the work caused by invalid events, too. */
  abstract readonly eventLimit: RateLimit;
  /** Open sockets of one user at this instance. */
  abstract readonly maxSocketsPerUser: number;
  /** New connections per address. */
  abstract readonly connectLimit: RateLimit;
  /** Open connections that have not authenticated yet, at this instance. */
  abstract readonly maxUnauthenticated: {
    readonly perAddress: number;
    readonly total: number;
  };

  /** Derives the settings from environment variables. */
  static of(settings: {
    readonly SEND_RATE: number;
    readonly SEND_BURST: number;
    readonly SOCKET_CONNECT_RATE: number;
    readonly SOCKET_CONNECT_BURST: number;
    readonly SOCKET_MAX_UNAUTHENTICATED_PER_ADDRESS: number;
    readonly SOCKET_MAX_UNAUTHENTICATED: number;
  }): RealtimeSettings {
    const { SEND_RATE: points, SEND_BURST: burst } = settings;
    const { SOCKET_CONNECT_RATE, SOCKET_CONNECT_BURST } = settings;
    return {
      sendLimit: { points, perMs: 1_000, burst },
      // Every send is also an event.
      eventLimit: {
        ...EVENT_LIMIT,
        points: Math.max(EVENT_LIMIT.points, 2 * points),
        burst: Math.max(EVENT_LIMIT.burst, 2 * burst),
      },
      maxSocketsPerUser: MAX_SOCKETS_PER_USER,
      connectLimit: {
        points: SOCKET_CONNECT_RATE,
        perMs: 1_000,
        burst: Math.max(SOCKET_CONNECT_RATE, SOCKET_CONNECT_BURST),
      },
      maxUnauthenticated: {
        perAddress: settings.SOCKET_MAX_UNAUTHENTICATED_PER_ADDRESS,
        total: settings.SOCKET_MAX_UNAUTHENTICATED,
      },
    };
  }
}
