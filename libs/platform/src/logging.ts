import type { IncomingMessage } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { LogLevel } from './common-settings.ts';
import { requestIdOf } from './request-id.ts';

/** What must never be readable in a log, wherever a log line happens to carry it. */
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'passwordHash',
  'token',
  'refreshToken',
  'secret',
  'email',
  'text',
];

const QUIET = /^(\/[a-z]+)?\/health(\/|$)/;

/**
 * Structured logs (JSON, one object a line) with the id of the request that
 * a line belongs to. Requests are logged by method, path, status and duration:
 * neither headers, bodies nor query strings. Nest's own `Logger` writes here too.
 */
export function loggingModule(settings: { readonly LOG_LEVEL: LogLevel }): DynamicModule {
  return LoggerModule.forRoot({
    pinoHttp: {
      level: settings.LOG_LEVEL,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      redact: {
        paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '[redacted]',
      },
      genReqId: requestIdOf,
      quietReqLogger: true,
      customAttributeKeys: { reqId: 'requestId' },
      autoLogging: { ignore: (request) => QUIET.test(pathOf(request)) },
      customLogLevel: (_request, response, error) =>
        error || response.statusCode >= 500 ? 'error' : 'info',
      customSuccessObject: (request, response, value: { responseTime: number }) => ({
        requestId: requestIdOf(request),
        method: request.method,
        path: pathOf(request),
        status: response.statusCode,
        durationMs: value.responseTime,
      }),
      customErrorObject: (request, response, _error, value: { responseTime: number }) => ({
        requestId: requestIdOf(request),
        method: request.method,
        path: pathOf(request),
        status: response.statusCode,
        durationMs: value.responseTime,
      }),
      customSuccessMessage: () => 'request completed',
      customErrorMessage: () => 'request failed',
    },
  });
}

/** The path as it was asked for, without its query string. */
function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  return (request.originalUrl ?? request.url ?? '').replace(/\?.*/s, '');
}
