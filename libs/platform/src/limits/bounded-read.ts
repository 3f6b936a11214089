import { MAX_MESSAGE_BYTES } from '@chat/contracts';
import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { mergeMap, tap, type Observable } from 'rxjs';
import { UnavailableError } from '../failures/failures.ts';
import { encodeJsonInChunks } from '../http/chunked-json.ts';
import { ReadBudget } from './read-budget.ts';

/** Number of messages that a response may contain. */
interface Page {
  /** Maximum value of `limit`. */
  readonly max: number;
  /** Used when the query has no `limit`. */
  readonly default: number;
}

const PAGE = 'chat:bounded-read';
/** Time within which a client must read its response before it is disconnected, in milliseconds. */
const READ_TIMEOUT_MS = 10_000;

/** Sends the response as JSON in chunks, within the {@link ReadBudget}. */
@Injectable()
class BoundedReadInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly budget: ReadBudget,
  ) {}

  /** @throws RateLimitedError; UnavailableError when the client has disconnected */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const { user, query, socket } = http.getRequest<Request & { user: { userId: string } }>();
    const response = http.getResponse<Response>();
    const page = this.reflector.get<Page>(PAGE, context.getHandler());
    const disconnected = new AbortController();
    response.once('close', () => disconnected.abort());
    // The client may have disconnected during authentication.
    if (socket.destroyed || response.destroyed) disconnected.abort();
    const bytes = requestedItems(query['limit'], page) * MAX_MESSAGE_BYTES;
    const slot = await this.budget.acquire(user.userId, bytes, disconnected.signal);
    if (!slot) throw new UnavailableError('The client disconnected.', 1_000);
    disconnected.signal.addEventListener('abort', () => slot.release());
    if (disconnected.signal.aborted) slot.release();
    return next.handle().pipe(
      // Nothing was read: the request is invalid or the store unavailable.
      tap({ error: () => slot.answered(0) }),
      mergeMap(async (result: unknown) => {
        const json = await encodeJsonInChunks(result);
        slot.answered(json.length);
        slot.sent(() => response.destroy());
        const timeout = setTimeout(() => response.destroy(), READ_TIMEOUT_MS);
        disconnected.signal.addEventListener('abort', () => clearTimeout(timeout));
        return json.body;
      }),
    );
  }
}

/** Returns the `limit` of the query if it is valid, else the default; validation follows later. */
function requestedItems(limit: unknown, page: Page): number {
  const requested = Number(limit);
  return requested >= 1 && requested <= page.max ? requested : page.default;
}

/** Applies the {@link ReadBudget} to a route that returns up to `page.max` messages. */
export const BoundedRead = (page: Page): MethodDecorator =>
  applyDecorators(SetMetadata(PAGE, page), UseInterceptors(BoundedReadInterceptor));
