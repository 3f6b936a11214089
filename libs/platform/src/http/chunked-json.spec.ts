import { describe, expect, it } from '@jest/globals';
import { encodeJsonInChunks } from './chunked-json.ts';

const chunksOf = async (value: unknown): Promise<Buffer[]> => {
  const { body, length } = await encodeJsonInChunks(value);
  const chunks = (await body.getStream().toArray()) as Buffer[];
  expect(Buffer.concat(chunks)).toHaveLength(length);
  return chunks;
};
const encodedText = async (value: unknown): Promise<string> =>
  Buffer.concat(await chunksOf(value)).toString();

describe('encodeJsonInChunks', () => {
  it.each([
    [[]],
    [{}],
    [null],
    ['text'],
    [[1, 'two', { three: [3] }]],
    [{ rev: 1, changes: [{ text: 'ß "quoted"' }], absent: undefined, none: null, empty: [] }],
  ])('encodes %j as JSON.stringify does', async (value) => {
    expect(await encodedText(value)).toBe(JSON.stringify(value));
  });

  it('yields chunks of less than 256 KiB, and lets the event loop run between them', async () => {
    const value = Array.from({ length: 200 }, (_, n) => ({ n, text: 'ß'.repeat(4_000) }));
    let turns = 0;
    const count = (): void => {
      turns += 1;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    const chunks = await chunksOf(value);
    clearImmediate(timer);
    expect(chunks.length).toBeGreaterThan(10);
    expect(turns).toBeGreaterThan(10);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(256 * 1024);
    expect(Buffer.concat(chunks).toString()).toBe(JSON.stringify(value));
  });
});
