import type { Socket } from 'node:net';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { RateLimitedError } from '../failures/failures.ts';
import type { Refusals } from '../monitoring/refusals.ts';

/** Maximum number of pipelined requests queued on one connection. */
const MAX_QUEUED = 16;
const RETRY_AFTER_MS = 1_000;

/**
 * Creates Express middleware that handles the requests of one connection sequentially.
 *
 * Node emits all pipelined requests, even if the client has not read earlier responses. This
 * middleware starts the next request when the previous response has been sent.
 */
export function serializePipelinedRequests(refusals: Refusals): RequestHandler {
  const queues = new WeakMap<Socket, (() => void)[]>();
  return ({ socket }: Request, response: Response, next: NextFunction): void => {
    const start = (): void => {
      response.once('close', () => {
        const startNext = socket.destroyed ? undefined : queues.get(socket)?.shift();
        if (startNext) startNext();
        else queues.delete(socket);
      });
      next();
    };
    const queue = queues.get(socket);
    if (!queue) {
      queues.set(socket, []);
      start();
    } else if (queue.length < MAX_QUEUED) {
      queue.push(start);
    } else {
      refusals.count('pipelined_requests');
      next(new RateLimitedError('Too many pipelined requests on this connection.', RETRY_AFTER_MS));
    }
  };
}
