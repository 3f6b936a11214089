import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { Logger } from 'nestjs-pino';
import { answerInTurn } from './answer-in-turn.ts';
import { corsOrigin } from './cors.ts';
import { HttpErrorFilter } from './http-error-filter.ts';
import { jsonBody } from './json-body.ts';
import { Metrics } from './metrics.ts';
import { Refusals } from './refusals.ts';
import { assignRequestId } from './request-id.ts';
import { createSchemaValidationPipe } from './schema-validation.ts';

export interface HttpAppSettings {
  readonly NODE_ENV: string;
  readonly CORS_ORIGINS?: readonly string[] | undefined;
  readonly TRUST_PROXY?: readonly string[] | undefined;
}

/**
 * What every HTTP application of ours has in common: all of
 * {@link configureHttpServer}, bounded JSON bodies and validation.
 */
export function configureHttpApp(app: NestExpressApplication, settings: HttpAppSettings): void {
  configureHttpServer(app, settings);
  app.use(jsonBody());
  app.useGlobalPipes(createSchemaValidationPipe());
}

/**
 * Logs, request ids, security headers, CORS, bounded time, one request of a
 * connection at a time and the error body of the contract; bodies are left as they are. To be called before `listen`, with
 * an app made with `{ bodyParser: false }` that imports `loggingModule`.
 */
export function configureHttpServer(app: NestExpressApplication, settings: HttpAppSettings): void {
  app.useLogger(app.get(Logger));
  app.disable('x-powered-by');
  app.set('trust proxy', settings.TRUST_PROXY ? [...settings.TRUST_PROXY] : false);
  app.use(assignRequestId);
  app.use(
    helmet({
      // For whoever terminates TLS to decide.
      strictTransportSecurity: false,
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
          imgSrc: ["'self'", 'data:'],
          objectSrc: ["'none'"],
        },
      },
    }),
  );
  app.enableCors({
    origin: corsOrigin(settings),
    exposedHeaders: ['Link', 'Retry-After', 'X-Cache', 'X-Request-Id', 'X-Room-Rev', 'X-Room-Seq'],
    maxAge: 600,
  });
  app.use(answerInTurn(app.get(Refusals)));
  app.useGlobalFilters(new HttpErrorFilter(app.get(Metrics)));
  limitTimes(app.getHttpServer());
}

/** Longer than the idle time of usual proxies, so that it is they who close; a request must arrive within 30 s. */
function limitTimes(server: Server): void {
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 20_000;
  server.requestTimeout = 30_000;
}
