import type { RateLimit } from '@chat/platform';

/** What an operator decides about sockets; provided by the app. */
export abstract class RealtimeSettings {
  /** Sends, per user. */
  abstract readonly sendLimit: RateLimit;
  /** Any events, per user: bounds the work that nonsense can cause. */
  abstract readonly eventLimit: RateLimit;
  /** Sockets that one user may have open at this instance. */
  abstract readonly maxSocketsPerUser: number;
}
