import { EMPTY_COUNTS } from './check/counts.ts';
import type { Violation } from './check/invariants.ts';
import type { Observation } from './check/observation.ts';
import { codeVersion, type CodeVersion } from './code-version.ts';
import { nameOf, type Component, type Fault } from './faults/fault.ts';
import { registerTestUsers, type TestUsers } from './load/test-users.ts';
import type { Options } from './options.ts';
import { planRuns } from './plan.ts';
import { ResultFile, type Result } from './results.ts';
import { runOnce, type RunResult } from './run.ts';
import { startTestEnvironment, type TestEnvironment } from './test-environment.ts';

const CI_LIMIT_MS = 9.5 * 60_000;
/** A run that could exceed the limit is not started. */
const LONGEST_RUN_MS = 60_000;
/** Attempts to run a fault that has no effect before its run fails. */
const ATTEMPTS = 3;
/**
 * Runs before a restart of the environment: the last run should not face a much fuller store than
 * the first.
 */
const RUNS_PER_ENVIRONMENT = 6;
/** Maximum number of printed violations; the file has all of them. */
const MAX_PRINTED = 20;

/** Environment of the runs, reused while no run violates an invariant. */
interface RunContext {
  readonly environment: TestEnvironment;
  readonly users: TestUsers;
  runs: number;
}

/** Runs the planned faults and saves the results. Resolves with whether all invariants held. */
export async function runSeries(
  options: Options,
  print: (line: string) => void,
  stopped: AbortSignal,
): Promise<boolean> {
  const deadline = options.ci ? performance.now() + CI_LIMIT_MS - LONGEST_RUN_MS : Infinity;
  const file = new ResultFile(options.out);
  const version = await codeVersion();
  const earlier =
    options.fresh || !version.clean
      ? []
      : (await file.read()).filter(({ code }) => code === version.key);
  const plan = planRuns(options, runsOf(earlier));
  print(`${plan.length} runs at ${codeOf(version)}; ${earlier.length} earlier results are reused.`);
  const series = new Series(file, version, deadline, print);
  let passed = earlier.every(({ violations }) => violations.length === 0);
  try {
    for (const [index, fault] of plan.entries()) {
      if (stopped.aborted) return false;
      if (series.timeLimitReached) {
        print(`The time limit was reached after ${index} of ${plan.length} runs.`);
        break;
      }
      print(`${index + 1}/${plan.length} ${nameOf(fault)}`);
      if (!(await series.runUntilHit(fault))) passed = false;
    }
  } finally {
    await series.close();
  }
  const untested = new Set(
    plan.map(({ component }) => component).filter((name) => !series.hitComponents.has(name)),
  );
  if (untested.size > 0) print(`Not tested: ${[...untested].join(', ')}.`);
  return passed && untested.size === 0;
}

class Series {
  #context: RunContext | undefined;
  readonly #hitComponents = new Set<Component>();

  constructor(
    private readonly file: ResultFile,
    private readonly version: CodeVersion,
    private readonly deadline: number,
    private readonly print: (line: string) => void,
  ) {}

  /** Whether no further run may start. */
  get timeLimitReached(): boolean {
    return performance.now() > this.deadline;
  }

  /** Components that a fault of this series has hit. */
  get hitComponents(): ReadonlySet<Component> {
    return this.#hitComponents;
  }

  /**
   * Repeats a fault until it has an effect. Resolves with whether all invariants held: false if the
   * fault had no effect in any attempt, true if the time limit prevents another attempt.
   */
  async runUntilHit(fault: Fault): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (this.timeLimitReached) return true;
      let context: RunContext;
      try {
        context = this.#context ??= await setUp(this.print);
      } catch (error) {
        this.print(`    the environment did not start: ${(error as Error).message}`);
        return false;
      }
      const { hit, violations } = await this.#run(fault, context);
      if (hit) this.#hitComponents.add(fault.component);
      if (violations.length > 0) return false;
      if (hit) return true;
    }
    return false;
  }

  async close(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    await context?.environment.topology.close();
  }

  async #run(fault: Fault, context: RunContext): Promise<Result> {
    const { topology } = context.environment;
    context.runs += 1;
    const at = new Date().toISOString();
    const run = await runOnce(context.environment, context.users, fault).catch((error: unknown) => {
      const reason = error instanceof Error ? error : new Error(String(error));
      this.print(`    failed: ${reason.stack ?? reason.message}`);
      return reason;
    });
    const result: Result = {
      fault: nameOf(fault),
      code: codeOf(this.version),
      commit: this.version.commit,
      at,
      ...evaluateRun(run, await healthErrorOf(topology)),
    };
    await this.file.append(result);
    for (const line of summaryOf(result)) this.print(`    ${line}`);
    const violated = result.violations.length > 0;
    if (violated) {
      const outputs = topology
        .instances()
        .map(({ name, process }) => ({ name, output: process.output }));
      const observation = run instanceof Error ? undefined : run.observation;
      this.print(`    Details: ${await this.file.saveDetails(result, { observation, outputs })}`);
    }
    // Permanent damage from one run must not affect the next.
    if (violated || context.runs >= RUNS_PER_ENVIRONMENT) await this.close();
    return result;
  }
}

/** Properties of a run that determine its result. */
type EvaluatedRun = Pick<RunResult, 'victim' | 'verdict'> & {
  readonly observation: Pick<Observation, 'evidence'>;
};
type Evaluation = Omit<Result, 'fault' | 'code' | 'commit' | 'at'>;

/**
 * Returns the result of a run: both an aborted run and a service that stays unhealthy after it
 * are violations.
 *
 * @param healthError why a service is unhealthy; undefined if all are healthy
 */
export function evaluateRun(
  run: EvaluatedRun | Error,
  healthError: string | undefined,
): Evaluation {
  const unhealthy: Violation[] =
    healthError === undefined
      ? []
      : [{ invariant: 5, what: `a service stays unhealthy: ${healthError}` }];
  if (run instanceof Error) {
    return {
      victim: 'unknown',
      hit: true,
      evidence: ['the run was aborted'],
      violations: [{ invariant: 5, what: `the run was aborted: ${run.message}` }, ...unhealthy],
      counts: EMPTY_COUNTS,
    };
  }
  const { victim, verdict, observation } = run;
  return {
    victim,
    hit: verdict.hit,
    evidence: observation.evidence,
    violations: [...verdict.violations, ...unhealthy],
    counts: verdict.counts,
  };
}

/** Returns the error of a service that does not become healthy in time; undefined if all do. */
async function healthErrorOf(topology: TestEnvironment['topology']): Promise<string | undefined> {
  try {
    await topology.waitUntilHealthy();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function setUp(print: (line: string) => void): Promise<RunContext> {
  print('Starting the services…');
  const environment = await startTestEnvironment();
  try {
    const users = await registerTestUsers(environment.topology.gatewayUrl);
    return { environment, users, runs: 0 };
  } catch (error) {
    await environment.topology.close();
    throw error;
  }
}

function runsOf(results: readonly Result[]): ReadonlyMap<string, number> {
  const valid = results.filter(({ hit }) => hit);
  return new Map(
    [...Map.groupBy(valid, ({ fault }) => fault)].map(([fault, runs]) => [fault, runs.length]),
  );
}

function summaryOf({ victim, hit, violations, counts, evidence }: Result): string[] {
  const { sent, stored, lost, refused, unanswered, resent, disconnects } = counts;
  const { acknowledgedBefore, acknowledgedDuring, acknowledgedAfter } = counts;
  const { changes, changesAcknowledged, positions, positionsAcknowledged } = counts;
  const { longestSilenceMs, recoveredMs, convergeMs, peakRssMiB } = counts;
  return [
    violations.length > 0 ? 'FAILED' : hit ? 'passed' : 'no effect',
    `${victim}: ${evidence.join(', ')}`,
    `${sent} sent, ${stored} stored, ${lost} lost; acknowledged ${acknowledgedBefore} before, ${acknowledgedDuring} during, ${acknowledgedAfter} after`,
    `${changes} changes, ${changesAcknowledged} acknowledged`,
    `${positions} read positions, ${positionsAcknowledged} acknowledged`,
    `${refused} rejected, ${unanswered} unanswered, ${resent} resent, ${disconnects} disconnects`,
    `longest silence ${longestSilenceMs} ms, recovery ${recoveredMs ?? '–'} ms, convergence ${convergeMs ?? '–'} ms, ${peakRssMiB} MiB`,
    ...violations
      .slice(0, MAX_PRINTED)
      .map(({ invariant, what }) => `invariant ${invariant}: ${what}`),
  ];
}

function codeOf({ key, clean }: CodeVersion): string {
  return clean ? key : `${key}+`;
}
