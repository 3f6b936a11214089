import { countsOf, type Counts } from './counts.ts';
import { violationsOf, type Violation } from './invariants.ts';
import type { Observation } from './observation.ts';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly counts: Counts;
  /** Whether the fault affected a component in use; runs without an effect are not counted. */
  readonly hit: boolean;
}

/** Checks the records of a run against the invariants. */
export function check(observation: Observation): Verdict {
  return {
    violations: violationsOf(observation),
    counts: countsOf(observation),
    hit: observation.evidence.length > 0,
  };
}
