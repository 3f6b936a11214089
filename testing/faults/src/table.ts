import type { Counts } from './check/counts.ts';
import { FAULTS, nameOf } from './faults/fault.ts';
import type { Result } from './results.ts';

const HEADINGS = [
  'fault',
  'runs',
  'hit',
  'violations',
  'sent',
  'acknowledged before / during / after',
  'refused / unanswered',
  'sent again',
  'changes',
  'changes acknowledged',
  'stored',
  'lost',
  'longest silence (s)',
  'recovered in (s)',
  'converged in (s)',
  'peak RSS (MiB)',
  'evidence',
];

/** Formats results as a Markdown table: one row per fault, with the worst times of its runs. */
export function tableOf(results: readonly Result[]): string {
  const byFault = Map.groupBy(results, ({ fault }) => fault);
  const rows = FAULTS.map(nameOf).flatMap((name) => {
    const runs = byFault.get(name);
    return runs ? [rowOf(name, runs)] : [];
  });
  return [HEADINGS, HEADINGS.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function rowOf(name: string, runs: readonly Result[]): string[] {
  const valid = runs.filter(({ hit }) => hit);
  const sum = (field: NumberOf<Counts>) =>
    String(valid.reduce((total, { counts }) => total + counts[field], 0));
  const worst = (field: NumberOf<Counts>) =>
    Math.max(0, ...valid.map(({ counts }) => counts[field]));
  const last = (field: 'recoveredMs' | 'convergeMs') =>
    Math.max(0, ...valid.map(({ counts }) => counts[field] ?? Infinity));
  return [
    name,
    String(runs.length),
    String(valid.length),
    String(runs.reduce((total, { violations }) => total + violations.length, 0)),
    sum('sent'),
    [sum('acknowledgedBefore'), sum('acknowledgedDuring'), sum('acknowledgedAfter')].join(' / '),
    [sum('refused'), sum('unanswered')].join(' / '),
    sum('resent'),
    sum('changes'),
    sum('changesAcknowledged'),
    sum('stored'),
    sum('lost'),
    seconds(worst('longestSilenceMs')),
    seconds(last('recoveredMs')),
    seconds(last('convergeMs')),
    String(worst('peakRssMiB')),
    valid[0]?.evidence.join(', ') ?? 'nothing',
  ];
}

type NumberOf<T> = { [K in keyof T]-?: T[K] extends number ? K : never }[keyof T];

function seconds(ms: number): string {
  return Number.isFinite(ms) ? (ms / 1_000).toFixed(1) : 'never';
}
