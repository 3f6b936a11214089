import { flag, type SettingValues } from '@chat/platform/settings';

/** Settings of rooms. */
export const roomSettings = {
  ROOMS_AUTO_CREATE: flag
    .default(true)
    .describe('Whether joining a public room that does not exist creates it: true or false.'),
} as const;

/** Settings of rooms; provided by the app. */
export abstract class RoomSettings {
  /** Whether joining an unknown public room with a valid id creates it. */
  abstract readonly autoCreate: boolean;

  /** Derives the settings from the settings of the process. */
  static of(settings: SettingValues<typeof roomSettings>): RoomSettings {
    return { autoCreate: settings.ROOMS_AUTO_CREATE };
  }
}
