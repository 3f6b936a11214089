import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { toHttpErrorAnswer } from './http-errors.ts';
import { requestIdOf } from './request-id.ts';

/** Answers every failed request with the contract's error body, and logs those that nobody expected. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(HttpErrorFilter.name);

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const requestId = requestIdOf(request);
    const { body, retryAfterSeconds } = toHttpErrorAnswer(thrown, requestId);
    if (body.code === 'INTERNAL') {
      this.logger.error({ err: thrown }, 'A request failed unexpectedly');
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
    response.status(body.statusCode).json(body);
  }
}
