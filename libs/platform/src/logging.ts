import type { IncomingMessage, ServerResponse } from 'node:http';
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

/** Where Nest tells of every module, route and event as it starts: a matter for debugging. */
const START_DETAILS: ReadonlySet<unknown> = new Set([
  'InstanceLoader',
  'RouterExplorer',
  'RoutesResolver',
  'WebSocketsController',
]);

/** Requests that are not logged: probes, and what services ask each other for the sake of a request that is. */
const QUIET = /^(\/[a-z]+)?\/health(\/|$)|^\/internal\//;

/**
 * Structured logs (JSON, one object a line) with the id of the request that
 * a line belongs to. Requests are logged by method, path, status and duration:
 * neither headers, bodies nor query strings. Nest's own `Logger` writes here too.
 *
 * @param destination where the lines go; standard output unless told otherwise.
 */
export function loggingModule(
  settings: { readonly LOG_LEVEL: LogLevel },
  destination?: NodeJS.WritableStream,
): DynamicModule {
  return LoggerModule.forRoot({
    pinoHttp: {
      ...(destination ? { stream: destination } : {}),
      level: settings.LOG_LEVEL,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      hooks: {
        logMethod(args, log, level) {
          const [fields] = args as readonly [unknown, ...unknown[]];
          const isStartDetail =
            level === this.levels.values['info'] &&
            START_DETAILS.has((fields as { context?: unknown } | undefined)?.context);
          (isStartDetail ? this.debug : log).apply(this, args);
        },
      },
      redact: {
        paths: SECRETS.flatMap((name) => [name, `*.${name}`]),
        censor: '[redacted]',
      },
      // Requests are summed up below; whole they would bring headers and query strings.
      serializers: { req: () => undefined, res: () => undefined },
      genReqId: requestIdOf,
      quietReqLogger: true,
      customAttributeKeys: { reqId: 'requestId' },
      autoLogging: { ignore: (request) => QUIET.test(pathOf(request)) },
      customLogLevel: (_request, response, error) =>
        error || response.statusCode >= 500 ? 'error' : 'info',
      customSuccessObject: (request, response, value: Timed) => summary(request, response, value),
      customErrorObject: (request, response, _error, value: Timed) =>
        summary(request, response, value),
      customSuccessMessage: () => 'request completed',
      customErrorMessage: () => 'request failed',
    },
  });
}

interface Timed {
  /** Milliseconds. */
  readonly responseTime: number;
}

function summary(request: IncomingMessage, response: ServerResponse, { responseTime }: Timed) {
  return {
    method: request.method,
    path: pathOf(request),
    status: response.statusCode,
    durationMs: responseTime,
  };
}

/** The path as it was asked for, without its query string. */
function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  return (request.originalUrl ?? request.url ?? '').replace(/\?.*/s, '');
}
