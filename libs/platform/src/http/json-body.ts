import {
  BadRequestException,
  PayloadTooLargeException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { MAX_PACKET_BYTES } from '@chat/contracts';
import { json, type NextFunction, type Request, type RequestHandler, type Response } from 'express';

/**
 * Creates Express middleware that parses JSON bodies of at most 64 KiB, and rejects any other body
 * with its own error message instead of the parser's.
 */
export function jsonBody(): RequestHandler {
  const parse = json({ limit: MAX_PACKET_BYTES });
  return (request: Request, response: Response, next: NextFunction): void => {
    if (!hasBody(request)) return next();
    if (!request.is('application/json')) {
      return next(new UnsupportedMediaTypeException('The body must be of type application/json.'));
    }
    parse(request, response, (error?: unknown) => {
      if (error === undefined) return next();
      next(toHttpException(error));
    });
  };
}

function hasBody(request: Request): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > 0
  );
}

function toHttpException(error: unknown): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) return new PayloadTooLargeException('The body is larger than 64 KiB.');
  if (status === 415) {
    return new UnsupportedMediaTypeException('The body has an unsupported charset or encoding.');
  }
  if (status === 400) return new BadRequestException('The body is not valid JSON.');
  return error;
}
