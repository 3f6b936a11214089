import { afterEach, describe, expect, it } from '@jest/globals';
import { SetupValue, valueForThisWorker } from './setup-value.ts';

const VARIABLE = 'CHAT_HANDED_OVER_IN_A_TEST';
const WORKER = process.env['JEST_WORKER_ID'];

afterEach(() => {
  Reflect.deleteProperty(process.env, VARIABLE);
  process.env['JEST_WORKER_ID'] = WORKER;
});

describe('SetupValue', () => {
  it('passes a value to code that shares only the environment', () => {
    new SetupValue<{ port: number }>(VARIABLE).set({ port: 7 });
    expect(new SetupValue<{ port: number }>(VARIABLE).value).toEqual({ port: 7 });
  });

  it('has no value when the global setup did not set one', () => {
    expect(new SetupValue(VARIABLE).value).toBeUndefined();
  });
});

describe('valueForThisWorker', () => {
  it.each([
    ['1', 'first'],
    ['2', 'second'],
    ['3', undefined],
  ])('returns the value for worker %s', (worker, value) => {
    const values = new SetupValue<readonly string[]>(VARIABLE);
    values.set(['first', 'second']);
    process.env['JEST_WORKER_ID'] = worker;
    expect(valueForThisWorker(values)).toBe(value);
  });
});
