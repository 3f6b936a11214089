import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.ts';

describe('the options of the fault suite', () => {
  it('default to three runs of all faults, and to one run with --ci', () => {
    expect(readOptions([])).toMatchObject({ runs: 3, only: [], ci: false, fresh: false });
    expect(readOptions(['--ci'])).toMatchObject({ runs: 1, ci: true });
  });

  it('set the runs of the kills that could lose a message, 20 by default', () => {
    expect(readOptions([]).killRuns).toBe(20);
    expect(readOptions(['--runs', '2', '--kill-runs', '10'])).toMatchObject({
      runs: 2,
      killRuns: 10,
    });
  });

  it('ignore earlier results with --ci', () => {
    expect(readOptions(['--ci']).fresh).toBe(true);
  });

  it('select faults with --only', () => {
    const { only } = readOptions(['--only', 'redis:cut', '--only', 'chat:kill']);
    expect(only).toEqual(['redis:cut', 'chat:kill']);
  });

  it('reject unknown faults, zero runs and unknown options', () => {
    expect(() => readOptions(['--only', 'redis:burn'])).toThrow('there is no fault "redis:burn"');
    expect(() => readOptions(['--runs', '0'])).toThrow('--runs must be a number');
    expect(() => readOptions(['--kill-runs', 'all'])).toThrow('--kill-runs must be a number');
    expect(() => readOptions(['--quick'])).toThrow('--quick');
  });
});
