import { NOTHING_COUNTED } from './check/counts.ts';
import type { Violation } from './check/invariants.ts';
import type { Observation } from './check/observation.ts';
import { codeVersion, type CodeVersion } from './code-version.ts';
import { nameOf, type Component, type Fault } from './faults/fault.ts';
import { registerCast, type Cast } from './load/cast.ts';
import type { Options } from './options.ts';
import { planned } from './plan.ts';
import { ResultFile, type Result } from './results.ts';
import { runOnce, type RunResult } from './run.ts';
import { startStage, type Stage } from './topology.ts';

const CI_LIMIT_MS = 9.5 * 60_000;
/** A run that could end after the limit is not begun. */
const LONGEST_RUN_MS = 60_000;
/** A fault that hit nothing is tried so often before its run is given up. */
const ATTEMPTS = 3;
/** Then everything is started afresh: the last run should not meet a much fuller store than the first. */
const RUNS_OF_A_STAGE = 8;
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
  const deadline = options.ci ? performance.now() + CI_LIMIT_MS - LONGEST_RUN_MS : Infinity;
  const file = new ResultFile(options.out);
  const version = await codeVersion();
  const earlier =
    options.fresh || !version.clean
      ? []
      : (await file.read()).filter(({ code }) => code === version.key);
  const plan = planned(options, runsOf(earlier));
  tell(`${plan.length} runs at ${codeOf(version)}; ${earlier.length} are there already.`);
  const series = new Series(file, version, deadline, tell);
  let held = earlier.every(({ violations }) => violations.length === 0);
  try {
    for (const [index, fault] of plan.entries()) {
      if (stopped.aborted) return false;
      if (series.timeIsUp) {
        tell(`The time is up after ${index} of ${plan.length} runs.`);
        break;
      }
      tell(`${index + 1}/${plan.length} ${nameOf(fault)}`);
      if (!(await series.runUntilItHits(fault))) held = false;
    }
  } finally {
    await series.close();
  }
  const left = new Set(
    plan.map(({ component }) => component).filter((one) => !series.broken.has(one)),
  );
  if (left.size > 0) tell(`Nothing was shown about ${[...left].join(', ')}.`);
  return held && left.size === 0;
}

class Series {
  #scene: Scene | undefined;
  readonly #broken = new Set<Component>();

  constructor(
    private readonly file: ResultFile,
    private readonly version: CodeVersion,
    private readonly deadline: number,
    private readonly tell: (line: string) => void,
  ) {}

  /** Whether no run may begin any more. */
  get timeIsUp(): boolean {
    return performance.now() > this.deadline;
  }

  /** What has been hit by a fault in this series. */
  get broken(): ReadonlySet<Component> {
    return this.#broken;
  }

  /**
   * Resolves with whether everything held; a fault that hits nothing, time and again, has not. One
   * that there was no more time to repeat counts neither way.
   */
  async runUntilItHits(fault: Fault): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (this.timeIsUp) return true;
      let scene: Scene;
      try {
        scene = this.#scene ??= await setUp(this.tell);
      } catch (error) {
        this.tell(`    nothing could be started: ${(error as Error).message}`);
        return false;
      }
      const { hit, violations } = await this.#run(fault, scene);
      if (hit) this.#broken.add(fault.component);
      if (violations.length > 0) return false;
      if (hit) return true;
    }
    return false;
  }

  async close(): Promise<void> {
    const scene = this.#scene;
    this.#scene = undefined;
    await scene?.stage.topology.close();
  }

  async #run(fault: Fault, scene: Scene): Promise<Result> {
    const { topology } = scene.stage;
    scene.runs += 1;
    const at = new Date().toISOString();
    const run = await runOnce(scene.stage, scene.cast, fault).catch((error: unknown) => {
      const reason = error instanceof Error ? error : new Error(String(error));
      this.tell(`    failed: ${reason.stack ?? reason.message}`);
      return reason;
    });
    const result: Result = {
      fault: nameOf(fault),
      code: codeOf(this.version),
      commit: this.version.commit,
      at,
      ...judged(run, await illnessOf(topology)),
    };
    await this.file.append(result);
    for (const line of linesOf(result)) this.tell(`    ${line}`);
    const hurt = result.violations.length > 0;
    if (hurt) {
      const outputs = topology
        .instances()
        .map(({ name, process }) => ({ name, output: process.output }));
      const observation = run instanceof Error ? undefined : run.observation;
      this.tell(`    All of it is in ${await this.file.keep(result, { observation, outputs })}`);
    }
    // What one run has broken for good is not the next one's.
    if (hurt || scene.runs >= RUNS_OF_A_STAGE) await this.close();
    return result;
  }
}

/** What of a run decides about it. */
type Judgeable = Pick<RunResult, 'victim' | 'verdict'> & {
  readonly observation: Pick<Observation, 'evidence'>;
};
type Judgement = Omit<Result, 'fault' | 'code' | 'commit' | 'at'>;

/**
 * What a run amounts to: one that broke off has not held, nor has one after which something stays
 * unwell.
 */
export function judged(run: Judgeable | Error, illness: string | undefined): Judgement {
  const ill: Violation[] =
    illness === undefined ? [] : [{ invariant: 5, what: `it stays unwell: ${illness}` }];
  if (run instanceof Error) {
    return {
      victim: 'unknown',
      hit: true,
      evidence: ['the run broke off'],
      violations: [{ invariant: 5, what: `the run broke off: ${run.message}` }, ...ill],
      counts: NOTHING_COUNTED,
    };
  }
  const { victim, verdict, observation } = run;
  return {
    victim,
    hit: verdict.hit,
    evidence: observation.evidence,
    violations: [...verdict.violations, ...ill],
    counts: verdict.counts,
  };
}

/** What is wrong with a service after all the time that it has to become well; undefined if nothing is. */
async function illnessOf(topology: Stage['topology']): Promise<string | undefined> {
  try {
    await topology.healthy();
    return undefined;
  } catch (error) {
    return (error as Error).message;
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
    `silence ${longestSilenceMs} ms, recovered in ${recoveredMs ?? 'no'} ms, converged in ${convergeMs ?? 'no'} ms, ${peakRssMiB} MiB`,
    ...violations
      .slice(0, MOST_TOLD)
      .map(({ invariant, what }) => `invariant ${invariant}: ${what}`),
  ];
}

function codeOf({ key, clean }: CodeVersion): string {
  return clean ? key : `${key}+`;
}
