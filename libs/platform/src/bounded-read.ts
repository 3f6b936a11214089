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
import { UnavailableError } from './failures.ts';
import { slicedJson } from './sliced-json.ts';
import { ReadBudget } from './read-budget.ts';

/** How many messages an answer may hold. */
interface Page {
  readonly most: number;
  /** When the query has no `limit`. */
  readonly usual: number;
}

const PAGE = 'chat:bounded-read';
/** A client that has not taken its answer within this time is disconnected, in milliseconds. */
const TAKEN_WITHIN_MS = 10_000;

/** Answers with JSON in slices, within the {@link ReadBudget} of the user and of the process. */
@Injectable()
class BoundedReadInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly budget: ReadBudget,
  ) {}

  /** @throws RateLimitedError, UnavailableError when the client has gone */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const { user, query, socket } = http.getRequest<Request & { user: { userId: string } }>();
    const response = http.getResponse<Response>();
    const page = this.reflector.get<Page>(PAGE, context.getHandler());
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    // It may have gone while the request was authenticated.
    if (socket.destroyed || response.destroyed) gone.abort();
    const bytes = itemsAsked(query['limit'], page) * MAX_MESSAGE_BYTES;
    const place = await this.budget.enter(user.userId, bytes, gone.signal);
    if (!place) throw new UnavailableError('The client has gone.', 1_000);
    gone.signal.addEventListener('abort', () => place.release());
    if (gone.signal.aborted) place.release();
    return next.handle().pipe(
      // Nothing was read: of requests that are not valid, and while the store is unavailable.
      tap({ error: () => place.answered(0) }),
      mergeMap(async (answer: unknown) => {
        const json = await slicedJson(answer);
        place.answered(json.length);
        place.sent(() => response.destroy());
        const late = setTimeout(() => response.destroy(), TAKEN_WITHIN_MS);
        gone.signal.addEventListener('abort', () => clearTimeout(late));
        return json.body;
      }),
    );
  }
}

/** The limit of the query where it is a valid one; what is wrong with others is said later. */
function itemsAsked(limit: unknown, { most, usual }: Page): number {
  const asked = Number(limit);
  return asked >= 1 && asked <= most ? asked : usual;
}

/** Bounds what a route reads: it answers with up to so many messages. */
export const BoundedRead = (page: Page): MethodDecorator =>
  applyDecorators(SetMetadata(PAGE, page), UseInterceptors(BoundedReadInterceptor));
