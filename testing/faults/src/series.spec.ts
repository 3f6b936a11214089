import { describe, expect, it } from '@jest/globals';
import { EMPTY_COUNTS } from './check/counts.ts';
import { evaluateRun } from './series.ts';

const PASSED = {
  victim: 'redis',
  verdict: { hit: true, violations: [], counts: EMPTY_COUNTS },
  observation: { evidence: ['sends rejected: 1'] },
};

describe('the result of a run', () => {
  it('is a counted violation when the run fails with an error', () => {
    expect(evaluateRun(new Error('the store cannot be read'), undefined)).toMatchObject({
      hit: true,
      violations: [{ invariant: 5, what: 'the run was aborted: the store cannot be read' }],
    });
  });

  it('is a violation when a service stays unhealthy after the run', () => {
    expect(evaluateRun(PASSED, 'messages-1 is unhealthy').violations).toEqual([
      { invariant: 5, what: 'a service stays unhealthy: messages-1 is unhealthy' },
    ]);
  });

  it('is the verdict and the evidence when the run passed', () => {
    expect(evaluateRun(PASSED, undefined)).toMatchObject({
      victim: 'redis',
      hit: true,
      evidence: ['sends rejected: 1'],
      violations: [],
    });
  });
});
