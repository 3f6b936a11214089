import { describe, expect, it } from '@jest/globals';
import { NOTHING_COUNTED } from './check/counts.ts';
import { judged } from './series.ts';

const HELD = {
  victim: 'redis',
  verdict: { hit: true, violations: [], counts: NOTHING_COUNTED },
  observation: { evidence: ['1 sends refused'] },
};

describe('the result of a run', () => {
  it('is a counted violation when the run fails with an error', () => {
    expect(judged(new Error('nobody could read'), undefined)).toMatchObject({
      hit: true,
      violations: [{ invariant: 5, what: 'the run broke off: nobody could read' }],
    });
  });

  it('is a violation when a service stays unhealthy after the run', () => {
    expect(judged(HELD, 'messages-1 is not well').violations).toEqual([
      { invariant: 5, what: 'it stays unwell: messages-1 is not well' },
    ]);
  });

  it('is the verdict and the evidence when the run held', () => {
    expect(judged(HELD, undefined)).toMatchObject({
      victim: 'redis',
      hit: true,
      evidence: ['1 sends refused'],
      violations: [],
    });
  });
});
