import { FAULTS, faultOf, nameOf, type Fault } from './faults/fault.ts';

/** Killed in the middle of storing, these are where a message could be lost. */
const MANY: ReadonlySet<string> = new Set(['messages:kill', 'rabbitmq:kill', 'mongo:kill']);
const MANY_RUNS = 20;

/** One fault of each component that says most about it, the harshest first, within ten minutes. */
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
  'chat:freeze',
  'messages:restart',
  'messages:freeze',
  'gateway:freeze',
  'chat:restart',
  'chat:cut-redis',
];

export interface Plan {
  /** Runs of each fault. */
  readonly runs: number;
  readonly ci: boolean;
  /** Faults by name; all without it. */
  readonly only: readonly string[];
}

/**
 * The faults to run, in order: one of each, then again, so that what is broken off early has
 * something of everything.
 *
 * @param done how many runs there are already, by the name of the fault
 */
export function planned({ runs, ci, only }: Plan, done: ReadonlyMap<string, number>): Fault[] {
  const faults = only.length > 0 ? only.map(faultOf) : ci ? CI.map(faultOf) : FAULTS;
  const wanted = (fault: Fault) =>
    !ci && only.length === 0 && MANY.has(nameOf(fault)) ? Math.max(runs, MANY_RUNS) : runs;
  const most = Math.max(0, ...faults.map(wanted));
  return Array.from({ length: most }, (_, round) =>
    faults.filter((fault) => round < wanted(fault) && round >= (done.get(nameOf(fault)) ?? 0)),
  ).flat();
}
