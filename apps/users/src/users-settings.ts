import {
  mongoSettings,
  processSettings,
  redisSettings,
  requestSettings,
  serviceSettings,
  signInSettings,
  tokenSettings,
} from '@chat/platform';
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
