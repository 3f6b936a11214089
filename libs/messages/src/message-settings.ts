import { wholeNumber, type SettingValues } from '@chat/platform/settings';

const DAY_SECONDS = 24 * 60 * 60;

/** Settings of messages. */
export const messageSettings = {
  EDIT_WINDOW_SECONDS: wholeNumber(0, 10 * 365 * DAY_SECONDS)
    .default(DAY_SECONDS)
    .describe('Age up to which authors can edit a message; 0: without limit.'),
} as const;

/** Settings of messages; provided by the app. */
export abstract class MessageSettings {
  /** Age up to which authors can edit a message, in milliseconds; 0: without limit. */
  abstract readonly editWindowMs: number;

  /** Derives the settings from the settings of the process. */
  static of(settings: SettingValues<typeof messageSettings>): MessageSettings {
    return { editWindowMs: settings.EDIT_WINDOW_SECONDS * 1_000 };
  }
}
