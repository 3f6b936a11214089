import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { ResponseHandler } from '../upstreams/instance.ts';
import { removeHopByHop } from './hop-by-hop.ts';

/** Maximum number of bytes buffered for a slow client; most responses are smaller. */
const MAX_BUFFERED_BYTES = 256 * 1_024;

/**
 * One request to one instance: streams the response to the client. Informational responses and
 * trailers, which no service sends, are not forwarded.
 */
export class Exchange implements ResponseHandler {
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #hasStarted = false;

  /** @param stalledAfterMs how long a client may stop reading its response, in milliseconds */
  constructor(
    private readonly response: ServerResponse,
    private readonly stalledAfterMs: number,
  ) {}

  /** Resolves when the response starts; rejects if there will be none. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Whether the instance may have received any part of the request. */
  get wasSent(): boolean {
    return this.#controller !== undefined;
  }

  /** Aborts the request, and the response if it has started. */
  abort(reason: Error): void {
    this.#aborted ??= reason;
    if (this.#controller) this.#controller.abort(reason);
    else this.#started.reject(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Aborted while it waited for a connection.
    if (this.#aborted) throw this.#aborted;
    if (this.#controller) throw new Error('a request that may have been delivered is not resent');
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
    this.#hasStarted = true;
    this.#started.resolve();
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
    if (this.#hasStarted) this.response.destroy();
    else this.#started.reject(error);
  }
}
