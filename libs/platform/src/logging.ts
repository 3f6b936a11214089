import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamicModule, LoggerService } from '@nestjs/common';
import { Logger, LoggerModule, PinoLogger, type Params } from 'nestjs-pino';
import type { LogLevel } from './common-settings.ts';
import { describeError, withoutValues } from './logged-errors.ts';
import { requestIdOf } from './request-id.ts';
import { standardOutput } from './standard-streams.ts';

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

const PROBE = /^(\/[a-z]+)?\/health(\/|$)/;

/** What services ask each other, for the sake of a request that is logged. */
const INTERNAL = '/internal/';

export interface LogSettings {
  readonly LOG_LEVEL: LogLevel;
}

/**
 * Structured logs (JSON, one object a line) with the id of the request that
 * a line belongs to. Requests are logged by method, path, status and duration:
 * neither headers, bodies nor query strings. Errors are logged as
 * {@link describeError} tells them. Nest's own `Logger` writes here too.
 *
 * @param destination where the lines go; standard output unless told otherwise.
 */
export function loggingModule(
  settings: LogSettings,
  destination?: NodeJS.WritableStream,
): DynamicModule {
  return LoggerModule.forRoot(paramsOf(settings, destination));
}

/**
 * What {@link loggingModule} logs with, for the time before there is an
 * application. A process has one such log: whichever was asked for first.
 */
export function createLogger(
  settings: LogSettings,
  destination?: NodeJS.WritableStream,
): LoggerService {
  const params = paramsOf(settings, destination);
  return new Logger(new PinoLogger(params), params);
}

function paramsOf(settings: LogSettings, destination?: NodeJS.WritableStream): Params {
  return {
    pinoHttp: {
      // Pino's own destination spins for ever at the end of a process whose reader has ended before it.
      stream: destination ?? standardOutput,
      level: settings.LOG_LEVEL,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }), log: describeErrors },
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
      serializers: {
        // Requests are summed up below; whole they would bring headers and query strings.
        req: () => undefined,
        res: () => undefined,
        // Described already; the usual serializer would bring every property of an error.
        err: (described: unknown) => described,
        msg: (message: unknown) => (typeof message === 'string' ? withoutValues(message) : message),
      },
      wrapSerializers: false,
      genReqId: requestIdOf,
      quietReqLogger: true,
      customAttributeKeys: { reqId: 'requestId' },
      autoLogging: { ignore: (request) => PROBE.test(pathOf(request)) },
      customLogLevel: (request, response, error) => {
        if (error || response.statusCode >= 500) return 'error';
        return pathOf(request).startsWith(INTERNAL) ? 'silent' : 'info';
      },
      customSuccessObject: (request, response, value: Timed) => summary(request, response, value),
      customErrorObject: (request, response, _error, value: Timed) => ({
        ...summary(request, response, value),
        ...(response.err ? { err: response.err } : {}),
      }),
      customSuccessMessage: () => 'request completed',
      customErrorMessage: () => 'request failed',
    },
  };
}

/** The fields of a line with every error described, under whichever name it is there. */
function describeErrors(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      name === 'err' || value instanceof Error ? describeError(value) : value,
    ]),
  );
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
