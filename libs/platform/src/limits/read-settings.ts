import { wholeNumber } from '../settings/setting-schemas.ts';
import type { SettingValues } from '../settings/settings.ts';

/** Settings of large reads: pages of messages, lists of rooms, and joins with catch-up. */
export const readSettings = {
  READS_PER_USER: wholeNumber(1, 10_000)
    .default(4)
    .describe('Concurrent large reads per user, each until the client has read the response.'),
  READS_AT_ONCE: wholeNumber(1, 10_000)
    .default(32)
    .describe('Concurrent large reads of all users that a process executes.'),
  READ_BUDGET_MB: wholeNumber(4, 100_000)
    .default(32)
    .describe('Total size of large responses that clients have not read yet, in MiB.'),
  READ_RATE_MB: wholeNumber(1, 100_000)
    .default(4)
    .describe(
      'Sustained rate of large responses per user, in MiB per second; the burst is four times that.',
    ),
} as const;

/** Limits of large reads; provided by the app. */
export abstract class ReadSettings {
  /** Concurrent large reads of one user, from their start until their responses were sent. */
  abstract readonly perUser: number;
  /** Concurrent large reads of all users in the store. */
  abstract readonly concurrent: number;
  /** Total bytes of responses that were not sent completely. */
  abstract readonly bytes: number;
  /** Sustained rate of bytes read per user, per second. */
  abstract readonly userBytesPerSecond: number;

  /** Derives the limits from the settings of the process. */
  static of(settings: SettingValues<typeof readSettings>): ReadSettings {
    return {
      perUser: settings.READS_PER_USER,
      concurrent: settings.READS_AT_ONCE,
      bytes: settings.READ_BUDGET_MB * 1024 * 1024,
      userBytesPerSecond: settings.READ_RATE_MB * 1024 * 1024,
    };
  }
}
