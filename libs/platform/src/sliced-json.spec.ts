import { describe, expect, it } from '@jest/globals';
import { slicedJson } from './sliced-json.ts';

const slicesOf = async (answer: unknown): Promise<Buffer[]> => {
  const { body, length } = await slicedJson(answer);
  const slices = (await body.getStream().toArray()) as Buffer[];
  expect(Buffer.concat(slices)).toHaveLength(length);
  return slices;
};
const joined = async (answer: unknown): Promise<string> =>
  Buffer.concat(await slicesOf(answer)).toString();

describe('slicedJson', () => {
  it.each([
    [[]],
    [{}],
    [null],
    ['text'],
    [[1, 'two', { three: [3] }]],
    [{ rev: 1, changes: [{ text: 'ß "quoted"' }], absent: undefined, none: null, empty: [] }],
  ])('encodes %j as JSON.stringify does', async (answer) => {
    expect(await joined(answer)).toBe(JSON.stringify(answer));
  });

  it('yields slices of less than 256 KiB, and lets the event loop run between them', async () => {
    const answer = Array.from({ length: 200 }, (_, n) => ({ n, text: 'ß'.repeat(4_000) }));
    let turns = 0;
    const count = (): void => {
      turns += 1;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    const slices = await slicesOf(answer);
    clearImmediate(timer);
    expect(slices.length).toBeGreaterThan(10);
    expect(turns).toBeGreaterThan(10);
    expect(Math.max(...slices.map(({ length }) => length))).toBeLessThan(256 * 1024);
    expect(Buffer.concat(slices).toString()).toBe(JSON.stringify(answer));
  });
});
