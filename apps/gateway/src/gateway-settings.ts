import { redisSettings } from '@chat/redis';
import { forwardingSettings, upstreamUrls } from '@chat/gateway';
import { processSettings, serviceSettings } from '@chat/platform/settings';
import { z } from 'zod';

/** Settings of the gateway, from command line options, environment variables or `.env`. */
export const gatewaySettings = z.object({
  ...serviceSettings(3000),
  ...upstreamUrls,
  PAGE_FOLDER: z
    .string()
    .optional()
    .describe('Folder of the built web page, if the gateway serves it. Unset: no page.'),
  ...forwardingSettings,
  ...redisSettings,
  ...processSettings,
});
export type GatewayServiceSettings = z.output<typeof gatewaySettings>;
