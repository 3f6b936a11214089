import { requestSettings, tokenSettings } from '@chat/auth';
import { redisSettings } from '@chat/redis';
import { processSettings, serviceSettings } from '@chat/platform/settings';
import { mongoSettings } from '@chat/storage-mongo';
import { signInSettings } from '@chat/users';
import { z } from 'zod';

/** Settings of the users service, from command line options, environment variables or `.env`. */
export const usersSettings = z.object({
  ...serviceSettings(3001),
  ...mongoSettings,
  ...redisSettings,
  ...processSettings,
  ...tokenSettings,
  ...requestSettings,
  ...signInSettings,
});
export type UsersSettings = z.output<typeof usersSettings>;
