import { describeMachine } from './machine.ts';
import { MODES, startServices, startStandalone, type Mode } from './measured-chat.ts';
import { HELP, readOptions, type Options } from './options.ts';
import { report } from './report.ts';
import { isComplete, measure, type Round } from './round.ts';
import { LOAD, type SendCounts } from './steps.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`bench: ${(error as Error).message} (--help shows the options)`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  try {
    return await bench(options);
  } catch (error) {
    const reasons = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    for (const reason of reasons) console.error(`FAILED  ${String(reason)}`);
    return 1;
  }
}

async function bench(options: Options): Promise<number> {
  const machine = await describeMachine();
  const rounds: Round[] = [];
  for (let number = 1; number <= options.rounds; number += 1) {
    for (const mode of MODES) {
      const label = `round ${number} of ${options.rounds}, ${mode}:`;
      const progress = (line: string): void => console.error(label, line);
      const round = await runRound(mode, options, progress);
      progress(summary(round));
      rounds.push(round);
    }
  }
  const load = { ...LOAD, instances: { chat: options.chat, messages: options.messages } };
  console.log(
    options.json
      ? JSON.stringify({ machine, load, rounds }, undefined, 2)
      : `\n${report(machine, rounds)}`,
  );
  const incomplete = rounds.filter((round) => !isComplete(round));
  for (const { mode, throughput, pace: steadyRate } of incomplete) {
    console.error(
      `FAILED  ${mode}: ${counts(throughput)}; at the steady rate ${counts(steadyRate)}`,
    );
  }
  return incomplete.length === 0 ? 0 : 1;
}

async function runRound(
  mode: Mode,
  options: Options,
  progress: (line: string) => void,
): Promise<Round> {
  progress('starting');
  const starting = mode === 'standalone' ? startStandalone() : startServices(options);
  // The servers run in separate process groups, which Ctrl-C does not reach.
  const handleInterrupt = (): void => {
    const exit = (): never => process.exit(130);
    starting.then((chat) => chat.close()).then(exit, exit);
  };
  process.once('SIGINT', handleInterrupt).once('SIGTERM', handleInterrupt);
  const chat = await starting;
  try {
    return await measure(mode, chat, progress);
  } finally {
    await chat.close();
    process.off('SIGINT', handleInterrupt).off('SIGTERM', handleInterrupt);
  }
}

function summary({ throughput, pace: steadyRate }: Round): string {
  const deliveryMs = steadyRate.toShown;
  return (
    `${throughput.acknowledgedPerSecond.toFixed(0)} acknowledged sends per second, ` +
    `delivered after ${deliveryMs.p50.toFixed(1)} ms (p50), ` +
    `${deliveryMs.p99.toFixed(1)} ms (p99)`
  );
}

function counts({ sent, acknowledged, shown: delivered, toBeShown: expected }: SendCounts): string {
  return `${acknowledged} of ${sent} sends acknowledged, ${delivered} of ${expected} delivered`;
}
