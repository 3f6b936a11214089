import { Logger } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Socket } from 'socket.io';
import { acknowledgeSuccess } from './acknowledgements.ts';

const logger = new Logger('EventDispatcher');

/** Handler of an event, bound by Nest to a socket; reports its own failures. */
type BoundHandler = (payload: unknown, acknowledge: unknown) => unknown;

/**
 * Passes the events of one socket to the handlers of all gateways, and acknowledges their results.
 * It is one middleware for all events of the socket, and is released with the socket.
 */
export class EventDispatcher {
  readonly #handlers = new Map<string, BoundHandler>();

  constructor(private readonly socket: Socket) {
    socket.use(([event, ...args], next) => {
      const handler = this.#handlers.get(event);
      if (!handler) next();
      else if (socket.connected) void this.#dispatch(event, handler, args);
    });
  }

  /** Adds the handler of an event; the start-up check ensures that there is only one. */
  add(event: string, handler: BoundHandler): void {
    this.#handlers.set(event, handler);
  }

  async #dispatch(event: string, handler: BoundHandler, args: unknown[]): Promise<void> {
    const acknowledge = typeof args.at(-1) === 'function' ? args.pop() : undefined;
    // Socket.IO allows several arguments; the contract has one, so validation rejects others.
    const payload = args.length > 1 ? args : args[0];
    try {
      const outcome = await handler(payload, acknowledge);
      // Nest wraps the result of a handler that has interceptors.
      const result: unknown = isObservable(outcome) ? await lastValueFrom(outcome) : outcome;
      // Without a result, the handler has acknowledged the event, or its failure was reported.
      if (result !== undefined && this.socket.connected) {
        acknowledgeSuccess(acknowledge, result as object);
      }
    } catch (error) {
      logger.error({ err: error, event }, 'event could not be answered');
    }
  }
}
