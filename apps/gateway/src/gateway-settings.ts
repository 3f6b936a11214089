import {
  gatewaySettings as limits,
  processSettings,
  redisSettings,
  serviceSettings,
  serviceUrls,
} from '@chat/platform';
import { z } from 'zod';

/** Settings of the gateway, from command line options, environment variables or `.env`. */
export const gatewaySettings = z.object({
  ...serviceSettings(3000),
  ...serviceUrls.users,
  ...serviceUrls.messages,
  ...serviceUrls.chat,
  ...limits,
  ...redisSettings,
  ...processSettings,
});
export type GatewayServiceSettings = z.output<typeof gatewaySettings>;
