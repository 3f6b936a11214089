import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StreamableFile } from '@nestjs/common';

/** Characters of a slice, give or take one item. */
const SLICE_LENGTH = 64 * 1024;

/**
 * Encodes an answer of a controller as JSON in slices, and lets the event loop
 * run between them, so that a large one does not hold up everything else.
 */
export async function slicedJson(
  answer: unknown,
): Promise<{ readonly body: StreamableFile; readonly length: number }> {
  const slices = await jsonSlices(answer);
  const length = slices.reduce((sum, slice) => sum + slice.length, 0);
  const type = 'application/json; charset=utf-8';
  const body = new StreamableFile(Readable.from(slices, { objectMode: false }), { type, length });
  return { body, length };
}

async function jsonSlices(answer: unknown): Promise<Buffer[]> {
  const slices: Buffer[] = [];
  let slice = '';
  for (const part of partsOf(answer)) {
    slice += part;
    if (slice.length < SLICE_LENGTH) continue;
    slices.push(Buffer.from(slice));
    slice = '';
    await nextTurn();
  }
  if (slice !== '') slices.push(Buffer.from(slice));
  return slices;
}

/** An array item by item, also one that a field of the answer holds; anything else as a whole. */
function* partsOf(answer: unknown): Generator<string> {
  if (Array.isArray(answer)) yield* itemsOf(answer);
  else if (typeof answer === 'object' && answer !== null) yield* fieldsOf(answer);
  else yield JSON.stringify(answer);
}

function* fieldsOf(answer: object): Generator<string> {
  yield '{';
  const fields = Object.entries(answer as Record<string, unknown>).filter(
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
