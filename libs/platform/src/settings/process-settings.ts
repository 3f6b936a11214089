import { z } from 'zod';
import { hostName, wholeNumber } from './setting-schemas.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Settings of every server process. */
export const processSettings = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be one of development, test and production')
    .default('development')
    .describe('`production` refuses to start with settings that are only fit for development.'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .default('info')
    .describe(`Minimum level of log lines: ${LOG_LEVELS.join(', ')}.`),
  METRICS_PORT: wholeNumber(0, 65_535)
    .optional()
    .describe('Port of the Prometheus metrics, at /metrics; 0 for any free port. Unset: none.'),
  METRICS_HOST: hostName.default('127.0.0.1').describe('Address on which the metrics are served.'),
} as const;
