import { requestSettings, tokenSettings } from '@chat/auth';
import { readSettings } from '@chat/platform/limits';
import { httpSettings, processSettings } from '@chat/platform/settings';
import { sendSettings, socketSettings } from '@chat/realtime';
import { messageSettings } from '@chat/messages';
import { roomSettings } from '@chat/rooms';
import { signInSettings } from '@chat/users';
import { z } from 'zod';

/**
 * Settings of the standalone server, from command line options, environment variables or `.env`.
 */
export const standaloneSettings = z.object({
  ...httpSettings,
  DATA_DIR: z.string().default('data').describe('Data directory; created if it does not exist.'),
  ...processSettings,
  ...tokenSettings,
  ...requestSettings,
  ...readSettings,
  ...signInSettings,
  ...sendSettings,
  ...roomSettings,
  ...messageSettings,
  ...socketSettings,
});
export type StandaloneSettings = z.output<typeof standaloneSettings>;
