import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.ts';

describe('the options of the fault suite', () => {
  it('are three runs of everything unless told otherwise, and one for CI', () => {
    expect(readOptions([])).toMatchObject({ runs: 3, only: [], ci: false, fresh: false });
    expect(readOptions(['--ci'])).toMatchObject({ runs: 1, ci: true });
  });

  it('never take earlier results for a run of CI', () => {
    expect(readOptions(['--ci']).fresh).toBe(true);
  });

  it('name faults', () => {
    const { only } = readOptions(['--only', 'redis:cut', '--only', 'chat:kill']);
    expect(only).toEqual(['redis:cut', 'chat:kill']);
  });

  it('refuse what does not exist', () => {
    expect(() => readOptions(['--only', 'redis:burn'])).toThrow('there is no fault "redis:burn"');
    expect(() => readOptions(['--runs', '0'])).toThrow('--runs must be a number');
    expect(() => readOptions(['--quick'])).toThrow('--quick');
  });
});
