import { FAULTS, faultOf, nameOf, type Fault } from './faults/fault.ts';

/** Faults with more runs: a kill during a write could lose a message. */
const CRITICAL: ReadonlySet<string> = new Set(['messages:kill', 'rabbitmq:kill', 'mongo:kill']);
/** Runs of these faults by default. */
export const CRITICAL_RUNS = 20;

/** The most significant faults of each component for CI, the hardest first, within five minutes. */
const CI: readonly string[] = [
  'messages:kill',
  'rabbitmq:kill',
  'mongo:kill',
  'chat:kill',
  'redis:kill',
  'gateway:kill',
  'rabbitmq:cut',
  'mongo:freeze',
  'redis:cut',
  'messages:cut-mongo',
];

export interface Plan {
  /** Runs of each fault. */
  readonly runs: number;
  /** Minimum runs of each kill of `messages`, RabbitMQ and MongoDB in a series of all faults. */
  readonly killRuns: number;
  readonly ci: boolean;
  /** Names of the faults; all if empty. */
  readonly only: readonly string[];
}

/**
 * Returns the faults to run, in order: rounds with one run of each fault, so that an interrupted
 * series covers all of them.
 *
 * @param done number of earlier runs, by the name of the fault
 */
export function planRuns(
  { runs, killRuns, ci, only }: Plan,
  done: ReadonlyMap<string, number>,
): Fault[] {
  const faults = only.length > 0 ? only.map(faultOf) : ci ? CI.map(faultOf) : FAULTS;
  const wanted = (fault: Fault) =>
    !ci && only.length === 0 && CRITICAL.has(nameOf(fault)) ? Math.max(runs, killRuns) : runs;
  const most = Math.max(0, ...faults.map(wanted));
  return Array.from({ length: most }, (_, round) =>
    faults.filter((fault) => round < wanted(fault) && round >= (done.get(nameOf(fault)) ?? 0)),
  ).flat();
}
