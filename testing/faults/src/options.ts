import { parseArgs } from 'node:util';
import { FAULTS, faultOf, nameOf } from './faults/fault.ts';
import { CRITICAL_RUNS, type Plan } from './plan.ts';

export const HELP = `Usage: npm run test:faults -- [options]

Starts the services and their backing servers under load from clients, and kills,
freezes, restarts or cuts off one component at a time. Afterwards it checks the
invariants. Exits with 1 when one is violated.

Options:
  --runs <n>      runs of each fault; default 3, with --ci 1
  --kill-runs <n> at least so many of kill -9 of messages, rabbitmq and mongo, unless
                  --ci or --only is given; default ${CRITICAL_RUNS}
  --only <fault>  component:kind, can be repeated
  --ci            a selection that finishes within 10 minutes; implies --fresh; also
                  exits with 1 when the time was too short for every component
  --out <file>    results file, one JSON line per run;
                  default data/faults/results.jsonl
  --fresh         ignore results of this code in the file; results of code with
                  uncommitted changes are always ignored
  --table         print a table of the results of this code and exit
  --help          print this help

Faults: ${FAULTS.map(nameOf).join(' ')}`;

export interface Options extends Plan {
  readonly out: string;
  readonly fresh: boolean;
  readonly table: boolean;
  readonly help: boolean;
}

/**
 * Parses the command line.
 *
 * @throws Error for an unknown or invalid option
 */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string' },
      'kill-runs': { type: 'string', default: String(CRITICAL_RUNS) },
      only: { type: 'string', multiple: true, default: [] },
      ci: { type: 'boolean', default: false },
      out: { type: 'string', default: 'data/faults/results.jsonl' },
      fresh: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  values.only.forEach(faultOf);
  const runs = values.runs ?? (values.ci ? '1' : '3');
  return {
    ...values,
    fresh: values.fresh || values.ci,
    runs: countOf('--runs', runs),
    killRuns: countOf('--kill-runs', values['kill-runs']),
  };
}

/** @throws Error unless it is a number from 1 to 9999 */
function countOf(option: string, value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new Error(`${option} must be a number from 1 to 9999`);
  return Number(value);
}
