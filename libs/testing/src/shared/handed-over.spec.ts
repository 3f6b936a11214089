import { afterEach, describe, expect, it } from '@jest/globals';
import { HandedOver, valueForThisWorker } from './handed-over.ts';

const VARIABLE = 'CHAT_HANDED_OVER_IN_A_TEST';
const WORKER = process.env['JEST_WORKER_ID'];

afterEach(() => {
  Reflect.deleteProperty(process.env, VARIABLE);
  process.env['JEST_WORKER_ID'] = WORKER;
});

describe('HandedOver', () => {
  it('passes a value to code that shares only the environment', () => {
    new HandedOver<{ port: number }>(VARIABLE).set({ port: 7 });
    expect(new HandedOver<{ port: number }>(VARIABLE).value).toEqual({ port: 7 });
  });

  it('has no value when the global setup did not set one', () => {
    expect(new HandedOver(VARIABLE).value).toBeUndefined();
  });
});

describe('valueForThisWorker', () => {
  it.each([
    ['1', 'first'],
    ['2', 'second'],
    ['3', undefined],
  ])('returns the value for worker %s', (worker, value) => {
    const values = new HandedOver<readonly string[]>(VARIABLE);
    values.set(['first', 'second']);
    process.env['JEST_WORKER_ID'] = worker;
    expect(valueForThisWorker(values)).toBe(value);
  });
});
