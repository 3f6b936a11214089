import { requestSettings, tokenSettings } from '@chat/auth';
import { redisSettings } from '@chat/redis';
import { readSettings } from '@chat/platform/limits';
import { processSettings, serviceSettings } from '@chat/platform/settings';
import { sendSettings, socketSettings } from '@chat/realtime';
import { serviceCallSettings, serviceUrls } from '@chat/service-calls';
import { publisherSettings, rabbitMqSettings } from '@chat/transport/rabbitmq';
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
