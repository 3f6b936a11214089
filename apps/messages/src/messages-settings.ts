import { requestSettings, tokenSettings } from '@chat/auth';
import { redisSettings } from '@chat/redis';
import { readSettings } from '@chat/platform/limits';
import { processSettings, serviceSettings } from '@chat/platform/settings';
import { messageSettings } from '@chat/messages';
import { roomSettings } from '@chat/rooms';
import { serviceCallSettings, serviceUrls } from '@chat/service-calls';
import { mongoSettings } from '@chat/storage-mongo';
import { partitionSettings, rabbitMqSettings } from '@chat/transport/rabbitmq';
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
  ...messageSettings,
});
export type MessagesSettings = z.output<typeof messagesSettings>;
