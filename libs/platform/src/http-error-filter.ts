import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { toHttpErrorAnswer } from './http-errors.ts';
import type { Metrics } from './metrics.ts';
import { requestIdOf } from './request-id.ts';

/**
 * Answers every failed request with the contract's error body, and logs those that
 * nobody expected. Why something was unavailable is told in the request's own line.
 */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(HttpErrorFilter.name);
  private readonly errors;

  constructor(metrics: Metrics) {
    this.errors = metrics.counter({
      name: 'chat_http_errors_total',
      help: 'Requests that were answered with an error, by its code.',
      labelNames: ['code'],
    });
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const requestId = requestIdOf(request);
    const { body, retryAfterSeconds } = toHttpErrorAnswer(thrown, requestId);
    this.errors.inc({ code: body.code });
    if (body.code === 'INTERNAL') {
      this.logger.error({ err: thrown }, 'A request failed unexpectedly');
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
