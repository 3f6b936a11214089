import { countsOf, type Counts } from './counts.ts';
import { violationsOf, type Violation } from './invariants.ts';
import type { Observation } from './observation.ts';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly counts: Counts;
  /** Whether the fault met something in use; a run without does not count. */
  readonly hit: boolean;
}

/** Judges a run by what its clients saw. */
export function check(observation: Observation): Verdict {
  return {
    violations: violationsOf(observation),
    counts: countsOf(observation),
    hit: observation.evidence.length > 0,
  };
}
