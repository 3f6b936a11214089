import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamicModule, LoggerService } from '@nestjs/common';
import { Logger, LoggerModule, PinoLogger, type Params } from 'nestjs-pino';
import type { LogLevel } from '../settings/process-settings.ts';
import { describeError, redactValues } from './logged-errors.ts';
import { requestIdOf } from './request-id.ts';
import { standardOutput } from './standard-streams.ts';

/** Names of fields that are redacted at the top level of a log line and one level below. */
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

/**
 * Contexts of the start-up lines that Nest logs for each module, route and event; this log writes
 * them at debug level.
 */
const START_DETAILS: ReadonlySet<unknown> = new Set([
  'InstanceLoader',
  'RouterExplorer',
  'RoutesResolver',
  'WebSocketsController',
]);

const HEALTH_PATH = /^(\/[a-z]+)?\/health(\/|$)/;

/**
 * Path prefix of calls between services. They are logged only if they fail, because the request
 * that causes one is logged anyway.
 */
const INTERNAL_PREFIX = '/internal/';

export interface LogSettings {
  readonly LOG_LEVEL: LogLevel;
}

/**
 * Creates the module for structured logs: JSON, one object per line, with the id of the request
 * that the line belongs to. Requests are logged with method, path, status and duration, without
 * headers, bodies or query strings; health checks and successful calls between services are not
 * logged. Errors are logged with the fields of {@link describeError}. Nest's own `Logger` also
 * writes to this log.
 *
 * @param destination stream for the lines; defaults to standard output
 */
export function loggingModule(
  settings: LogSettings,
  destination?: NodeJS.WritableStream,
): DynamicModule {
  return LoggerModule.forRoot(paramsOf(settings, destination));
}

/**
 * Creates the logger of {@link loggingModule} for use before the application exists. `nestjs-pino`
 * keeps one root logger per process, the first one created: the settings and destinations of later
 * calls of both functions have no effect.
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
      // Pino's own destination loops forever at process exit when the reader has already exited.
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
        // Requests are summarized below; the full objects contain headers and query strings.
        req: () => undefined,
        res: () => undefined,
        // Already described; the default serializer would add every property of an error.
        err: (described: unknown) => described,
        msg: (message: unknown) => (typeof message === 'string' ? redactValues(message) : message),
      },
      wrapSerializers: false,
      genReqId: requestIdOf,
      quietReqLogger: true,
      customAttributeKeys: { reqId: 'requestId' },
      autoLogging: { ignore: (request) => HEALTH_PATH.test(pathOf(request)) },
      customLogLevel: (request, response, error) => {
        if (error || response.statusCode >= 500) return 'error';
        return pathOf(request).startsWith(INTERNAL_PREFIX) ? 'silent' : 'info';
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

/** Replaces every error in a log line with its description, regardless of the field. */
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

/** Returns the path of the request, without the query string. */
function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  return (request.originalUrl ?? request.url ?? '').replace(/\?.*/s, '');
}
