import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { toHttpErrorResponse } from '../failures/http-errors.ts';
import { requestIdOf } from '../logging/request-id.ts';
import type { Metrics } from '../monitoring/metrics.ts';

/**
 * Responds to every failed request with the error body of the contract, and logs unexpected errors.
 * The cause of an UNAVAILABLE error is part of the request's own log line.
 */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger(HttpErrorFilter.name);
  readonly #errors;

  constructor(metrics: Metrics) {
    this.#errors = metrics.counter({
      name: 'chat_http_errors_total',
      help: 'Requests that failed with an error, by error code.',
      labelNames: ['code'],
    });
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const requestId = requestIdOf(request);
    const { body, retryAfterSeconds } = toHttpErrorResponse(thrown, requestId);
    this.#errors.inc({ code: body.code });
    if (body.code === 'INTERNAL') {
      this.#logger.error({ err: thrown }, 'unexpected error in request');
    } else if (body.code === 'UNAVAILABLE') {
      response.err = thrown as Error;
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
    response.status(body.statusCode).json(body);
  }
}
