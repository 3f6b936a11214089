import { describe, expect, it } from '@jest/globals';
import type { Counts } from './check/counts.ts';
import type { Result } from './results.ts';
import { tableOf } from './table.ts';

describe('the table of results', () => {
  it('has a row per fault with the sums and the worst times of all runs', () => {
    const row = rowsOf([
      result({ counts: counts({ sent: 100, longestSilenceMs: 900 }) }),
      result({ counts: counts({ sent: 200, longestSilenceMs: 4_200 }) }),
    ])[0];
    expect(row).toMatchObject({ fault: 'redis:kill', runs: '2', hit: '2', sent: '300' });
    expect(row?.['longest silence (s)']).toBe('4.2');
  });

  it('omits messages that were sent in runs without an effect', () => {
    const row = rowsOf([result({}), result({ hit: false })])[0];
    expect(row).toMatchObject({ runs: '2', hit: '1', sent: '10' });
  });

  it('counts the violations of every run and reports a missing convergence as never', () => {
    const row = rowsOf([
      result({
        hit: false,
        violations: [{ invariant: 5, what: 'reader is missing a message' }],
      }),
      result({ counts: counts({ convergeMs: undefined }) }),
    ])[0];
    expect(row).toMatchObject({ violations: '1', 'converged in (s)': 'never' });
  });
});

function rowsOf(results: readonly Result[]): Record<string, string>[] {
  const [headings = [], , ...rows] = tableOf(results)
    .split('\n')
    .map((line) => line.slice(2, -2).split(' | '));
  return rows.map((cells) =>
    Object.fromEntries(headings.map((heading, index) => [heading, cells[index] ?? ''])),
  );
}

function result(changed: Partial<Result>): Result {
  return {
    fault: 'redis:kill',
    code: 'abc1234-def5678',
    commit: 'abc1234',
    at: '2026-01-01T00:00:00.000Z',
    victim: 'redis',
    hit: true,
    evidence: ['sends rejected: 1'],
    violations: [],
    counts: counts({}),
    ...changed,
  };
}

function counts(changed: Partial<Counts>): Counts {
  return {
    sent: 10,
    acknowledgedBefore: 4,
    acknowledgedDuring: 2,
    acknowledgedAfter: 4,
    refused: 0,
    unanswered: 0,
    resent: 0,
    changes: 0,
    changesAcknowledged: 0,
    positions: 0,
    positionsAcknowledged: 0,
    stored: 10,
    lost: 0,
    shown: 30,
    disconnects: 0,
    longestSilenceMs: 100,
    recoveredMs: 100,
    convergeMs: 100,
    peakRssMiB: 120,
    ...changed,
  };
}
