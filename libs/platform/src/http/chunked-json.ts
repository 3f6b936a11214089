import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StreamableFile } from '@nestjs/common';

/** Length of a chunk in characters; a chunk exceeds it by at most one item. */
const CHUNK_LENGTH = 64 * 1024;

/**
 * Encodes the result of a controller as JSON in chunks, and yields to the event loop between them,
 * so that a large response does not block other work.
 */
export async function encodeJsonInChunks(
  result: unknown,
): Promise<{ readonly body: StreamableFile; readonly length: number }> {
  const chunks = await jsonChunks(result);
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const type = 'application/json; charset=utf-8';
  const body = new StreamableFile(Readable.from(chunks, { objectMode: false }), { type, length });
  return { body, length };
}

async function jsonChunks(result: unknown): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let chunk = '';
  for (const fragment of fragmentsOf(result)) {
    chunk += fragment;
    if (chunk.length < CHUNK_LENGTH) continue;
    chunks.push(Buffer.from(chunk));
    chunk = '';
    await nextTurn();
  }
  if (chunk !== '') chunks.push(Buffer.from(chunk));
  return chunks;
}

/** Encodes an array, or an array in a field, item by item, and any other value as a whole. */
function* fragmentsOf(result: unknown): Generator<string> {
  if (Array.isArray(result)) yield* itemsOf(result);
  else if (typeof result === 'object' && result !== null) yield* fieldsOf(result);
  else yield JSON.stringify(result);
}

function* fieldsOf(result: object): Generator<string> {
  yield '{';
  const fields = Object.entries(result as Record<string, unknown>).filter(
    ([, value]) => value !== undefined,
  );
  for (const [index, [name, value]] of fields.entries()) {
    yield `${index > 0 ? ',' : ''}${JSON.stringify(name)}:`;
    if (Array.isArray(value)) yield* itemsOf(value);
    else yield JSON.stringify(value);
  }
  yield '}';
}

function* itemsOf(items: readonly unknown[]): Generator<string> {
  yield '[';
  for (const [index, item] of items.entries()) {
    yield `${index > 0 ? ',' : ''}${JSON.stringify(item)}`;
  }
  yield ']';
}
