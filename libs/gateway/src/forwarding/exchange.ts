import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { AnswerHandler } from '../upstreams/instance.ts';
import { removeHopByHop } from './hop-by-hop.ts';

/** So much of an answer is taken from a service while its client reads slowly: most are smaller. */
const MAX_BUFFERED_BYTES = 256 * 1_024;

/**
 * One request at one instance: passes the answer to the client as it comes. Informational answers and trailers,
 * which no service sends, are not passed on.
 */
export class Exchange implements AnswerHandler {
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #isAnswered = false;

  /** @param stalledAfterMs how long a client may read nothing of its answer */
  constructor(
    private readonly response: ServerResponse,
    private readonly stalledAfterMs: number,
  ) {}

  /** Resolves when the answer begins; rejects when there will be none. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Whether any of the request may have reached the instance. */
  get wasSent(): boolean {
    return this.#controller !== undefined;
  }

  /** Gives the request up, and the answer, if it has begun. */
  abort(reason: Error): void {
    this.#aborted ??= reason;
    if (this.#controller) this.#controller.abort(reason);
    else this.#begun.reject(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It waited for a connection in vain.
    if (this.#aborted) throw this.#aborted;
    if (this.#controller) throw new Error('a request that may have been delivered is not repeated');
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    statusMessage = '',
  ): void {
    if (statusCode < 200 || this.response.destroyed) return;
    removeHopByHop(headers);
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) this.response.setHeader(name, value);
    }
    this.response.writeHead(statusCode, statusMessage);
    this.response.setTimeout(this.stalledAfterMs, () => this.response.destroy());
    this.#isAnswered = true;
    this.#begun.resolve();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { response } = this;
    if (response.destroyed) return;
    response.write(chunk);
    if (response.writableLength <= MAX_BUFFERED_BYTES) return;
    controller.pause();
    response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    if (!this.response.destroyed) this.response.end();
    this.#ended.resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#ended.resolve();
    if (this.#isAnswered) this.response.destroy();
    else this.#begun.reject(error);
  }
}
