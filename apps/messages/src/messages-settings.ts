import {
  mongoSettings,
  partitionSettings,
  processSettings,
  rabbitMqSettings,
  readSettings,
  redisSettings,
  requestSettings,
  roomSettings,
  serviceCallSettings,
  serviceSettings,
  serviceUrls,
  tokenSettings,
} from '@chat/platform';
import { z } from 'zod';

/** Settings of the messages service, from command line options, environment variables or `.env`. */
export const messagesSettings = z.object({
  ...serviceSettings(3002),
  ...mongoSettings,
  ...redisSettings,
  ...rabbitMqSettings,
  ...partitionSettings,
  ...serviceUrls.users,
  ...serviceCallSettings,
  ...processSettings,
  ...tokenSettings,
  ...requestSettings,
  ...readSettings,
  ...roomSettings,
});
export type MessagesSettings = z.output<typeof messagesSettings>;
