import {
  processSettings,
  publisherSettings,
  rabbitMqSettings,
  readSettings,
  redisSettings,
  requestSettings,
  sendSettings,
  serviceCallSettings,
  serviceSettings,
  serviceUrls,
  socketSettings,
  tokenSettings,
} from '@chat/platform';
import { z } from 'zod';

/** Settings of the chat service, from command line options, environment variables or `.env`. */
export const chatSettings = z.object({
  ...serviceSettings(3003),
  ...redisSettings,
  ...rabbitMqSettings,
  ...publisherSettings,
  ...serviceUrls.users,
  ...serviceUrls.messages,
  ...serviceCallSettings,
  ...processSettings,
  ...tokenSettings,
  ...requestSettings,
  ...readSettings,
  ...sendSettings,
  ...socketSettings,
});
export type ChatSettings = z.output<typeof chatSettings>;
