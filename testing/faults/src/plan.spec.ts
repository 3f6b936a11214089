import { describe, expect, it } from '@jest/globals';
import { FAULTS, nameOf } from './faults/fault.ts';
import { planRuns } from './plan.ts';

const NOTHING_DONE = new Map<string, number>();
const ALL = { runs: 3, killRuns: 20, ci: false, only: [] };

describe('the plan of a series', () => {
  it('starts with one run of each fault', () => {
    const plan = planRuns(ALL, NOTHING_DONE).map(nameOf);
    expect(plan.slice(0, FAULTS.length)).toEqual(FAULTS.map(nameOf));
  });

  it('has more runs of each kill of messages, RabbitMQ and MongoDB than of other faults', () => {
    const plan = planRuns(ALL, NOTHING_DONE).map(nameOf);
    const runsOf = (name: string) => plan.filter((planned) => planned === name).length;
    expect(runsOf('redis:freeze')).toBe(3);
    expect(['messages:kill', 'rabbitmq:kill', 'mongo:kill'].map(runsOf)).toEqual([20, 20, 20]);
  });

  it('includes faults that cut one instance off from one backing server', () => {
    const plan = planRuns({ ...ALL, runs: 1 }, NOTHING_DONE).map(nameOf);
    expect(plan).toEqual(
      expect.arrayContaining([
        'messages:cut-mongo',
        'messages:cut-rabbitmq',
        'chat:cut-rabbitmq',
        'chat:cut-redis',
      ]),
    );
  });

  it('omits the runs of an earlier series', () => {
    const done = new Map([
      ['redis:freeze', 2],
      ['mongo:kill', 20],
    ]);
    const plan = planRuns(ALL, done).map(nameOf);
    expect(plan.filter((name) => name === 'redis:freeze')).toHaveLength(1);
    expect(plan).not.toContain('mongo:kill');
  });

  it('contains only the selected fault, as often as requested', () => {
    const plan = planRuns({ ...ALL, runs: 2, only: ['mongo:kill'] }, NOTHING_DONE);
    expect(plan.map(nameOf)).toEqual(['mongo:kill', 'mongo:kill']);
  });

  it('has fewer than 20 runs and every component for CI', () => {
    const plan = planRuns({ ...ALL, runs: 1, ci: true }, NOTHING_DONE);
    expect(new Set(plan.map(({ component }) => component)).size).toBe(6);
    expect(plan.length).toBeLessThan(20);
  });
});
