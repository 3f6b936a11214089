import { parseArgs } from 'node:util';
import { FAULTS, faultOf, nameOf } from './faults/fault.ts';
import type { Plan } from './plan.ts';

export const HELP = `Usage: npm run test:faults -- [options]

Starts the services and the servers they stand on, lets clients send and read,
and kills, freezes, restarts or cuts off one component at a time. Afterwards it
checks what always has to hold. Ends with 1 when it did not hold.

Options:
  --runs <n>      runs of each fault; 3 unless told otherwise, with --ci 1
                  (kill -9 of messages, rabbitmq and mongo: 20 at least,
                  unless --ci or --only is given)
  --only <fault>  component:kind, may be given several times
  --ci            a selection that ends within 10 minutes, always --fresh; ends
                  with 1 too when there was no time for every component
  --out <file>    where results are kept, one JSON line a run;
                  data/faults/results.jsonl unless told otherwise
  --fresh         do not skip what the file has of this code already; code with
                  changes that are not committed is never skipped
  --table         print the table of the results of this code in the file, and
                  run nothing
  --help          print this

Faults: ${FAULTS.map(nameOf).join(' ')}`;

export interface Options extends Plan {
  readonly out: string;
  readonly fresh: boolean;
  readonly table: boolean;
  readonly help: boolean;
}

/** @throws Error for what it does not know */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string' },
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
  if (!/^[1-9]\d{0,3}$/.test(runs)) throw new Error('--runs must be a number from 1 to 9999');
  return { ...values, fresh: values.fresh || values.ci, runs: Number(runs) };
}
