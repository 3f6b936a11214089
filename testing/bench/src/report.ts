import type { Machine } from './machine.ts';
import { MODES, type Mode } from './measured-chat.ts';
import { median, spread } from './percentiles.ts';
import type { Round } from './round.ts';

interface Measure {
  readonly name: string;
  readonly read: (round: Round) => number;
  readonly digits: number;
}

const MEASURES: readonly Measure[] = [
  {
    name: 'acknowledged sends per second',
    read: ({ throughput }) => throughput.acknowledgedPerSecond,
    digits: 0,
  },
  { name: 'send to acknowledged, p50, ms', read: ({ pace }) => pace.toAcknowledged.p50, digits: 1 },
  { name: 'send to acknowledged, p99, ms', read: ({ pace }) => pace.toAcknowledged.p99, digits: 1 },
  { name: 'send to shown, p50, ms', read: ({ pace }) => pace.toShown.p50, digits: 1 },
  { name: 'send to shown, p99, ms', read: ({ pace }) => pace.toShown.p99, digits: 1 },
];
const ALL_SERVERS: Measure = {
  name: 'CPU per message, all servers, ms',
  read: ({ cpuPerMessage }) => sumOfServers(cpuPerMessage),
  digits: 2,
};

/** Formats the results as Markdown tables. */
export function report(machine: Machine, rounds: readonly Round[]): string {
  const count = rounds.length / MODES.length;
  return [
    `Minimum – median – maximum of ${count} ${count === 1 ? 'round' : 'rounds'} of each mode.`,
    table(
      ['', ...MODES, 'services / standalone'],
      [...MEASURES, ALL_SERVERS].map((measure) => [
        measure.name,
        ...MODES.map((mode) => cell(rounds, mode, measure)),
        ratio(rounds, measure),
      ]),
    ),
    ...MODES.map((mode) => cpuTable(rounds, mode)),
    Object.entries({
      machine: `${machine.cores} cores, ${machine.processor}`,
      'load average before': machine.loadBefore.toFixed(2),
      Node: machine.node,
      Redis: machine.redis,
      RabbitMQ: machine.rabbitmq,
      MongoDB: machine.mongo,
    })
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  ].join('\n\n');
}

function cpuTable(rounds: readonly Round[], mode: Mode): string {
  const names = Object.keys(rounds.find((round) => round.mode === mode)?.cpuPerMessage ?? {});
  return table(
    [`CPU time, ${mode}`, 'per message, ms', 'idle with the same sockets, ms per second'],
    names.map((name) => [
      name,
      cell(rounds, mode, { name, read: (round) => round.cpuPerMessage[name] ?? 0, digits: 2 }),
      cell(rounds, mode, { name, read: (round) => round.cpuIdle[name] ?? 0, digits: 1 }),
    ]),
  );
}

function sumOfServers(cpu: Readonly<Record<string, number>>): number {
  return Object.entries(cpu).reduce(
    (sum, [name, ms]) => (name === 'load generator' ? sum : sum + ms),
    0,
  );
}

function valuesOf(rounds: readonly Round[], mode: Mode, { read }: Measure): number[] {
  return rounds.filter((round) => round.mode === mode).map(read);
}

function cell(rounds: readonly Round[], mode: Mode, measure: Measure): string {
  const { min, median: middle, max } = spread(valuesOf(rounds, mode, measure));
  return [min, middle, max].map((value) => value.toFixed(measure.digits)).join(' – ');
}

/** Returns the ratio of the medians, services to standalone. */
function ratio(rounds: readonly Round[], measure: Measure): string {
  const [standalone, services] = MODES.map((mode) => median(valuesOf(rounds, mode, measure)));
  return ((services ?? Number.NaN) / (standalone ?? Number.NaN)).toFixed(2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(head), rule, ...rows.map(line)].join('\n');
}
