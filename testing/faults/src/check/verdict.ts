import { countsOf, type Counts } from './counts.ts';
import { violationsOf, type Violation } from './invariants.ts';
import type { Observation } from './observation.ts';

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly counts: Counts;
  /** Whether the fault affected a component in use; a run without effect does not count. */
  readonly hit: boolean;
}

/** Checks the invariants on the records of a run. */
export function check(observation: Observation): Verdict {
  return {
    violations: violationsOf(observation),
    counts: countsOf(observation),
    hit: observation.evidence.length > 0,
  };
}
