import type { Ack, SocketError } from '@chat/contracts';
import { Failure, toSocketError } from '@chat/platform/failures';
import {
  Catch,
  Injectable,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { ChatSocket } from '../chat-socket.ts';
import { RealtimeMetrics } from '../realtime-metrics.ts';

/** Reports the failure of an event in its acknowledgement, or as `exception` if it has none. */
@Catch()
@Injectable()
export class SocketErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger(SocketErrorFilter.name);

  constructor(private readonly metrics: RealtimeMetrics) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const ws = host.switchToWs();
    if (!(error instanceof Failure)) {
      this.#logger.error({ err: error, event: ws.getPattern() }, 'event failed');
    } else if (error.code === 'UNAVAILABLE') {
      // At debug level: the component that watches the connection logs the outage once.
      this.#logger.debug({ err: error, event: ws.getPattern() }, 'event answered with UNAVAILABLE');
    }
    const socketError = toSocketError(error);
    this.metrics.countError(socketError.code);
    sendError(ws.getClient(), ws.getPattern(), host.getArgByIndex(2), socketError);
  }
}

/**
 * Acknowledges an event with the result of its handler, if the client has requested it.
 *
 * @param acknowledge the last argument of the event, which may be a callback
 */
export function acknowledgeSuccess(acknowledge: unknown, result: object): void {
  if (isCallback(acknowledge)) acknowledge({ ok: true, ...result });
}

/**
 * Sends an error to the client in the acknowledgement, or as `exception` if there is none.
 *
 * @param acknowledge the last argument of the event, which may be a callback
 */
export function sendError(
  socket: ChatSocket,
  event: string,
  acknowledge: unknown,
  error: SocketError,
): void {
  if (isCallback(acknowledge)) acknowledge({ ok: false, error });
  else socket.emit('exception', { event, error });
}

function isCallback(value: unknown): value is (ack: Ack<object>) => void {
  return typeof value === 'function';
}
