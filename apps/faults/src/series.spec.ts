import { describe, expect, it } from '@jest/globals';
import { NOTHING_COUNTED } from './check/counts.ts';
import { judged } from './series.ts';

const HELD = {
  victim: 'redis',
  verdict: { hit: true, violations: [], counts: NOTHING_COUNTED },
  observation: { evidence: ['1 sends refused'] },
};

describe('what a run amounts to', () => {
  it('is a violation when it broke off, and it counts', () => {
    expect(judged(new Error('nobody could read'), undefined)).toMatchObject({
      hit: true,
      violations: [{ invariant: 5, what: 'the run broke off: nobody could read' }],
    });
  });

  it('is a violation when something stays unwell, whatever clients saw', () => {
    expect(judged(HELD, 'messages-1 is not well').violations).toEqual([
      { invariant: 5, what: 'it stays unwell: messages-1 is not well' },
    ]);
  });

  it('is otherwise what was seen of it', () => {
    expect(judged(HELD, undefined)).toMatchObject({
      victim: 'redis',
      hit: true,
      evidence: ['1 sends refused'],
      violations: [],
    });
  });
});
