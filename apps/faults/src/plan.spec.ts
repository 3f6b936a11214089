import { describe, expect, it } from '@jest/globals';
import { FAULTS, nameOf } from './faults/fault.ts';
import { planned } from './plan.ts';

const NOTHING_DONE = new Map<string, number>();
const ALL = { runs: 3, ci: false, only: [] };

describe('the plan of a series', () => {
  it('begins with one of each fault', () => {
    const plan = planned(ALL, NOTHING_DONE).map(nameOf);
    expect(plan.slice(0, FAULTS.length)).toEqual(FAULTS.map(nameOf));
  });

  it('has three runs of each, and twenty of those in which a message could be lost', () => {
    const plan = planned(ALL, NOTHING_DONE).map(nameOf);
    const runsOf = (name: string) => plan.filter((one) => one === name).length;
    expect(runsOf('redis:freeze')).toBe(3);
    expect(['messages:kill', 'rabbitmq:kill', 'mongo:kill'].map(runsOf)).toEqual([20, 20, 20]);
  });

  it('cuts one instance off from one server, too', () => {
    const plan = planned({ ...ALL, runs: 1 }, NOTHING_DONE).map(nameOf);
    expect(plan).toEqual(
      expect.arrayContaining([
        'messages:cut-mongo',
        'messages:cut-rabbitmq',
        'chat:cut-rabbitmq',
        'chat:cut-redis',
      ]),
    );
  });

  it('goes on where an earlier one ended', () => {
    const done = new Map([
      ['redis:freeze', 2],
      ['mongo:kill', 20],
    ]);
    const plan = planned(ALL, done).map(nameOf);
    expect(plan.filter((one) => one === 'redis:freeze')).toHaveLength(1);
    expect(plan).not.toContain('mongo:kill');
  });

  it('takes only what was asked for, as often as was asked for', () => {
    const plan = planned({ ...ALL, runs: 2, only: ['mongo:kill'] }, NOTHING_DONE);
    expect(plan.map(nameOf)).toEqual(['mongo:kill', 'mongo:kill']);
  });

  it('is short for CI, and has every component in it', () => {
    const plan = planned({ runs: 1, ci: true, only: [] }, NOTHING_DONE);
    expect(new Set(plan.map(({ component }) => component)).size).toBe(6);
    expect(plan.length).toBeLessThan(20);
  });
});
