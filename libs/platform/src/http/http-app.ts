import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { Logger } from 'nestjs-pino';
import { assignRequestId } from '../logging/request-id.ts';
import { Metrics } from '../monitoring/metrics.ts';
import { Refusals } from '../monitoring/refusals.ts';
import { corsOrigin } from './cors.ts';
import { HttpErrorFilter } from './http-error-filter.ts';
import { jsonBody } from './json-body.ts';
import { serializePipelinedRequests } from './pipelined-requests.ts';
import { createSchemaValidationPipe } from './schema-validation.ts';

export interface HttpAppSettings {
  readonly NODE_ENV: string;
  readonly CORS_ORIGINS?: readonly string[] | undefined;
  readonly TRUST_PROXY?: readonly string[] | undefined;
}

/**
 * Configures an HTTP application: everything that {@link configureHttpServer} sets up, a JSON body
 * parser with a size limit, and validation.
 */
export function configureHttpApp(app: NestExpressApplication, settings: HttpAppSettings): void {
  configureHttpServer(app, settings);
  app.use(jsonBody());
  app.useGlobalPipes(createSchemaValidationPipe());
}

/**
 * Configures logging, request ids, security headers, CORS, timeouts, sequential handling of
 * pipelined requests and the error body of the contract. Does not parse request bodies.
 *
 * Call it before `listen`, with an app that was created with `{ bodyParser: false }` and imports
 * `loggingModule`.
 */
export function configureHttpServer(app: NestExpressApplication, settings: HttpAppSettings): void {
  app.useLogger(app.get(Logger));
  app.disable('x-powered-by');
  app.set('trust proxy', settings.TRUST_PROXY ? [...settings.TRUST_PROXY] : false);
  app.use(assignRequestId);
  app.use(
    helmet({
      // Set by the proxy that terminates TLS, if any.
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
    exposedHeaders: [
      'Link',
      'Retry-After',
      'X-Cache',
      'X-Edit-Window',
      'X-Request-Id',
      'X-Room-Rev',
      'X-Room-Seq',
    ],
    maxAge: 600,
  });
  app.use(serializePipelinedRequests(app.get(Refusals)));
  app.useGlobalFilters(new HttpErrorFilter(app.get(Metrics)));
  setTimeouts(app.getHttpServer());
}

/**
 * Sets the timeouts of a server. The keep-alive timeout is longer than the idle timeout of common
 * proxies, so that the proxy closes idle connections. A request must arrive within 30 s.
 */
function setTimeouts(server: Server): void {
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 20_000;
  server.requestTimeout = 30_000;
}
