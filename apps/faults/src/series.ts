import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { nameOf, type Fault } from './faults/fault.ts';
import { registerCast, type Cast } from './load/cast.ts';
import type { Options } from './options.ts';
import { planned } from './plan.ts';
import { ResultFile, type Result } from './results.ts';
import { runOnce } from './run.ts';
import { startStage, type Stage } from './topology.ts';

const CI_LIMIT_MS = 9.5 * 60_000;
/** A run that could end after the limit is not begun. */
const LONGEST_RUN_MS = 60_000;
/** A fault that hit nothing is tried so often before its run is given up. */
const ATTEMPTS = 3;
/** Then everything begins anew: the last run should not meet a much fuller store than the first. */
const RUNS_OF_A_STAGE = 6;
/** Violations that are printed; the file has all. */
const MOST_TOLD = 20;

/** What runs work on; kept from one to the next while everything in it is well. */
interface Scene {
  readonly stage: Stage;
  readonly cast: Cast;
  runs: number;
}

/** Runs fault after fault and keeps the results. Resolves with whether everything held. */
export async function runSeries(
  options: Options,
  tell: (line: string) => void,
  stopped: AbortSignal,
): Promise<boolean> {
  const startedAt = Date.now();
  const file = new ResultFile(options.out);
  const commit = await currentCommit();
  const earlier = options.fresh ? [] : (await file.read()).filter((one) => one.commit === commit);
  const plan = planned(options, runsOf(earlier));
  tell(`${plan.length} runs at ${commit}; ${earlier.length} are there already.`);
  const series = new Series(file, commit, tell);
  let held = earlier.every(({ violations }) => violations.length === 0);
  try {
    for (const [index, fault] of plan.entries()) {
      if (stopped.aborted) return false;
      if (options.ci && Date.now() - startedAt > CI_LIMIT_MS - LONGEST_RUN_MS) {
        tell(`The time is up after ${index} of ${plan.length} runs.`);
        break;
      }
      tell(`${index + 1}/${plan.length} ${nameOf(fault)}`);
      if (!(await series.runUntilItHits(fault))) held = false;
    }
  } finally {
    await series.close();
  }
  return held;
}

class Series {
  #scene: Scene | undefined;

  constructor(
    private readonly file: ResultFile,
    private readonly commit: string,
    private readonly tell: (line: string) => void,
  ) {}

  /** Resolves with whether everything held; a fault that hits nothing, time and again, has not. */
  async runUntilItHits(fault: Fault): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      let result: Result;
      try {
        result = await this.#run(fault);
      } catch (error) {
        // A run that cannot be judged has not held.
        this.tell(`    failed: ${(error as Error).stack ?? String(error)}`);
        await this.close();
        return false;
      }
      if (this.#isWorn || !(await this.#isWell())) await this.close();
      if (result.violations.length > 0) return false;
      if (result.hit) return true;
    }
    return false;
  }

  async close(): Promise<void> {
    const scene = this.#scene;
    this.#scene = undefined;
    await scene?.stage.topology.close();
  }

  async #run(fault: Fault): Promise<Result> {
    this.#scene ??= await setUp(this.tell);
    const { stage, cast } = this.#scene;
    this.#scene.runs += 1;
    const at = new Date().toISOString();
    const { victim, verdict, observation } = await runOnce(stage, cast, fault);
    const { hit, violations, counts } = verdict;
    const result: Result = {
      fault: nameOf(fault),
      commit: this.commit,
      at,
      victim,
      hit,
      evidence: observation.evidence,
      violations,
      counts,
    };
    await this.file.append(result);
    for (const line of linesOf(result)) this.tell(`    ${line}`);
    if (violations.length > 0) {
      const outputs = stage.topology.instances().map(({ name, process }) => ({
        name,
        output: process.output,
      }));
      this.tell(`    All of it is in ${await this.file.keep(result, { observation, outputs })}`);
    }
    return result;
  }

  get #isWorn(): boolean {
    return (this.#scene?.runs ?? 0) >= RUNS_OF_A_STAGE;
  }

  async #isWell(): Promise<boolean> {
    try {
      await this.#scene?.stage.topology.healthy();
      return true;
    } catch (error) {
      this.tell(`    ${(error as Error).message}; starting everything anew.`);
      return false;
    }
  }
}

async function setUp(tell: (line: string) => void): Promise<Scene> {
  tell('Starting the services …');
  const stage = await startStage();
  try {
    return { stage, cast: await registerCast(stage.topology.gatewayUrl), runs: 0 };
  } catch (error) {
    await stage.topology.close();
    throw error;
  }
}

function runsOf(results: readonly Result[]): ReadonlyMap<string, number> {
  const valid = results.filter(({ hit }) => hit);
  return new Map(
    [...Map.groupBy(valid, ({ fault }) => fault)].map(([fault, runs]) => [fault, runs.length]),
  );
}

function linesOf({ victim, hit, violations, counts, evidence }: Result): string[] {
  const { sent, stored, lost, refused, unanswered, resent, disconnects } = counts;
  const { acknowledgedBefore, acknowledgedDuring, acknowledgedAfter } = counts;
  const { longestSilenceMs, recoveredMs, convergeMs, peakRssMiB } = counts;
  return [
    violations.length > 0 ? 'IT DID NOT HOLD' : hit ? 'held' : 'hit nothing',
    `${victim}: ${evidence.join(', ')}`,
    `${sent} sent, ${stored} stored, ${lost} lost; acknowledged ${acknowledgedBefore} before, ${acknowledgedDuring} during, ${acknowledgedAfter} after`,
    `${refused} refused, ${unanswered} unanswered, ${resent} sent again, ${disconnects} disconnects`,
    `silence ${longestSilenceMs} ms, recovered in ${recoveredMs} ms, converged in ${convergeMs ?? 'no'} ms, ${peakRssMiB} MiB`,
    ...violations
      .slice(0, MOST_TOLD)
      .map(({ invariant, what }) => `invariant ${invariant}: ${what}`),
  ];
}

async function currentCommit(): Promise<string> {
  const run = promisify(execFile);
  const { stdout: commit } = await run('git', ['rev-parse', '--short', 'HEAD']);
  const { stdout: changes } = await run('git', ['status', '--porcelain', '-uno', 'apps', 'libs']);
  return changes === '' ? commit.trim() : `${commit.trim()}+`;
}
