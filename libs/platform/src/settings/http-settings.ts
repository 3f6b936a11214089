import { z } from 'zod';
import { hostName, isOrigin, list, wholeNumber } from './setting-schemas.ts';

const ADDRESS = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** Settings of a process that serves HTTP. */
export const httpSettings = {
  HOST: hostName
    .default('127.0.0.1')
    .describe('Address to listen on; 0.0.0.0 accepts connections from other machines.'),
  PORT: wholeNumber(0, 65_535).default(3000).describe('Port to listen on; 0 for any free port.'),
  CORS_ORIGINS: list(
    isOrigin,
    'must be origins separated by commas, such as https://chat.example.com',
  )
    .optional()
    .describe(
      'Origins of pages that may call this server, separated by commas. Unset: any localhost origin, or none in production.',
    ),
  TRUST_PROXY: list(
    (text) => ADDRESS.safeParse(text).success,
    'must be addresses or networks separated by commas, such as 10.0.0.0/8',
  )
    .optional()
    .describe(
      'Addresses or networks of trusted proxies, whose X-Forwarded-For is used, separated by commas. Unset: none.',
    ),
} as const;

/** Returns the settings of a service behind a gateway, with the default port `port`. */
export const serviceSettings = (port: number) =>
  ({
    ...httpSettings,
    PORT: httpSettings.PORT.unwrap()
      .default(port)
      .describe('Port to listen on; 0 for any free port.'),
    STOP_DELAY_MS: wholeNumber(0, 5_000)
      .default(1_500)
      .describe(
        'Time for which a stopping service continues to serve while gateways remove it, in milliseconds.',
      ),
  }) as const;
