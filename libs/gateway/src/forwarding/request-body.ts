import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';

/** Largest body that services accept; they reject larger ones themselves. */
const MAX_READ_AHEAD_BYTES = 64 * 1_024;

/**
 * Reads a body before it is forwarded, so that a slow upload occupies no connection to a service.
 * A body larger than 64 KiB is streamed.
 *
 * @returns an empty buffer for a request without a body, undefined when the client disconnected
 */
export function bodyOf(request: IncomingMessage): Promise<Buffer | Readable | undefined> {
  if (request.destroyed) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (body: Buffer | Readable | undefined): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      resolve(body);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_READ_AHEAD_BYTES) settle(restOf(request, chunks));
    };
    const onEnd = (): void => settle(Buffer.concat(chunks));
    const onClose = (): void => settle(undefined);
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/**
 * Returns the body as a separate stream, because the client's connection outlives the one to the
 * service. When the stream is closed early, the rest of the body is read and discarded, so that
 * the client's connection can be reused.
 */
function restOf(request: IncomingMessage, chunks: readonly Buffer[]): Readable {
  const body = new PassThrough();
  for (const chunk of chunks) body.write(chunk);
  body.once('close', () => request.unpipe(body).resume());
  return request.pipe(body);
}
