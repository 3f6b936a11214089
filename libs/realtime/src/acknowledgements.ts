import type { Ack, SocketError } from '@chat/contracts';
import { Failure, toSocketError } from '@chat/platform';
import {
  Catch,
  Injectable,
  Logger,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import type { ChatSocket } from './chat-socket.ts';
import { RealtimeMetrics } from './realtime-metrics.ts';

/** Answers an event's acknowledgement, if it has one, with the handler's result. */
@Injectable()
export class AcknowledgeInterceptor implements NestInterceptor<object, Ack<object>> {
  intercept(_context: ExecutionContext, next: CallHandler<object>): Observable<Ack<object>> {
    return next.handle().pipe(map((result) => ({ ok: true as const, ...result })));
  }
}

/** Answers an event that failed: by its acknowledgement, or without one by `exception`. */
@Catch()
@Injectable()
export class SocketErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger(SocketErrorFilter.name);

  constructor(private readonly metrics: RealtimeMetrics) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const ws = host.switchToWs();
    if (!(error instanceof Failure)) {
      this.#logger.error({ err: error, event: ws.getPattern() }, 'an event failed');
    } else if (error.code === 'UNAVAILABLE') {
      // Who is away is told once by whoever watches the connection to it.
      this.#logger.debug({ err: error, event: ws.getPattern() }, 'an event found somebody away');
    }
    const answered = toSocketError(error);
    this.metrics.answeredWithError(answered.code);
    answerError(ws.getClient(), ws.getPattern(), host.getArgByIndex(2), answered);
  }
}

/** @param acknowledge what the client gave as last argument, if that was a callback */
export function answerError(
  socket: ChatSocket,
  event: string,
  acknowledge: unknown,
  error: SocketError,
): void {
  if (isCallback(acknowledge)) acknowledge({ ok: false, error });
  else socket.emit('exception', { event, error });
}

function isCallback(value: unknown): value is (answer: Ack<object>) => void {
  return typeof value === 'function';
}
