import { describe, expect, it } from '@jest/globals';
import { FAULTS, nameOf } from './faults/fault.ts';
import { planned } from './plan.ts';

const NOTHING_DONE = new Map<string, number>();
const ALL = { runs: 3, ci: false, only: [] };

describe('the plan of a series', () => {
  it('starts with one run of each fault', () => {
    const plan = planned(ALL, NOTHING_DONE).map(nameOf);
    expect(plan.slice(0, FAULTS.length)).toEqual(FAULTS.map(nameOf));
  });

  it('has 3 runs of a fault, and 20 of each kill of messages, RabbitMQ and MongoDB', () => {
    const plan = planned(ALL, NOTHING_DONE).map(nameOf);
    const runsOf = (name: string) => plan.filter((one) => one === name).length;
    expect(runsOf('redis:freeze')).toBe(3);
    expect(['messages:kill', 'rabbitmq:kill', 'mongo:kill'].map(runsOf)).toEqual([20, 20, 20]);
  });

  it('includes faults that cut one instance off from one backing server', () => {
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

  it('leaves out the runs of an earlier series', () => {
    const done = new Map([
      ['redis:freeze', 2],
      ['mongo:kill', 20],
    ]);
    const plan = planned(ALL, done).map(nameOf);
    expect(plan.filter((one) => one === 'redis:freeze')).toHaveLength(1);
    expect(plan).not.toContain('mongo:kill');
  });

  it('holds only the selected fault, as often as requested', () => {
    const plan = planned({ ...ALL, runs: 2, only: ['mongo:kill'] }, NOTHING_DONE);
    expect(plan.map(nameOf)).toEqual(['mongo:kill', 'mongo:kill']);
  });

  it('has fewer than 20 runs and every component for CI', () => {
    const plan = planned({ runs: 1, ci: true, only: [] }, NOTHING_DONE);
    expect(new Set(plan.map(({ component }) => component)).size).toBe(6);
    expect(plan.length).toBeLessThan(20);
  });
});
