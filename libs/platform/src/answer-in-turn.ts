import type { Socket } from 'node:net';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { RateLimitedError } from './failures.ts';
import type { Refusals } from './refusals.ts';

/** Pipelined requests of one connection that may wait for their turn. */
const MAX_WAITING = 16;
const RETRY_AFTER_MS = 1_000;

/**
 * Express middleware: handles the requests of one connection one after the other.
 * Node hands over pipelined requests at once, however many answers the client
 * has not read; here the next one begins when the answer before it has left.
 */
export function answerInTurn(refusals: Refusals): RequestHandler {
  const waitingOn = new WeakMap<Socket, (() => void)[]>();
  return ({ socket }: Request, response: Response, next: NextFunction): void => {
    const begin = (): void => {
      response.once('close', () => {
        const following = socket.destroyed ? undefined : waitingOn.get(socket)?.shift();
        if (following) following();
        else waitingOn.delete(socket);
      });
      next();
    };
    const waiting = waitingOn.get(socket);
    if (!waiting) {
      waitingOn.set(socket, []);
      begin();
    } else if (waiting.length < MAX_WAITING) {
      waiting.push(begin);
    } else {
      refusals.count('pipelined_requests');
      next(new RateLimitedError('Too many requests wait on this connection.', RETRY_AFTER_MS));
    }
  };
}
