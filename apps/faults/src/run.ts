import { DeadLetters } from '@chat/transport/rabbitmq';
import { check, type Verdict } from './check/verdict.ts';
import type { Observation } from './check/observation.ts';
import { evidenceOf, Output } from './faults/evidence.ts';
import { leavesAnswering, type Fault } from './faults/fault.ts';
import { inflict } from './faults/inflict.ts';
import { victimOf } from './faults/victim.ts';
import type { Cast } from './load/cast.ts';
import { Load } from './load/load.ts';
import { pidOfServerAt, ProcessWatch, watched } from './process-watch.ts';
import type { Stage } from './topology.ts';

/** Before the fault; a machine that others keep busy would look as if the fault did it. */
const SMOOTH_BEFORE = { forMs: 2_000, withinMs: 60_000 };
/**
 * After the fault the load goes on until it has run smoothly for as long as the longest time limit
 * of the stage. A load that does not is ended too, and the run judged.
 */
const SMOOTH_AFTER = { forMs: 3_000, withinMs: 6_000 };
/** From the end of the fault; the load is on for the first of it. */
const CONVERGED_WITHIN_MS = 20_000;
/** An instance of `messages` that is out of work has others beside it. */
const TAKEN_OVER_WITHIN_MS = 8_000;
const RSS_LIMIT_BYTES = 600 * 1024 * 1024;

export interface RunResult {
  readonly victim: string;
  readonly verdict: Verdict;
  readonly observation: Observation;
}

/** One run: load, one fault in the middle of it, and the judgement of what clients saw. */
export async function runOnce(
  { topology, rabbitMqUrl }: Stage,
  cast: Cast,
  fault: Fault,
): Promise<RunResult> {
  const { component } = fault;
  const load = await Load.prepare(cast);
  const watch = new ProcessWatch([
    ...topology.instances().map(({ name, process }) => watched(name, process)),
    watched('redis', topology.redis),
    watched('rabbitmq', topology.rabbitmq),
    { name: 'mongo', control: topology.mongo, pid: () => pidOfServerAt(topology.mongo.port) },
  ]);
  try {
    load.start();
    if (!(await load.runsSmoothly({ from: Date.now(), ...SMOOTH_BEFORE }))) {
      throw new Error('the load did not run smoothly before the fault');
    }
    const victim = await victimOf(topology, component, () => load.sessionIds);
    const output = new Output(topology);
    const pid = await watch.pidOf(victim.control);
    const beganAt = Date.now();
    await inflict(fault, victim, topology, watch);
    const span = { beganAt, endedAt: Date.now() };
    const replaced = (await watch.pidOf(victim.control)) !== pid;
    await load.runsSmoothly({ from: span.endedAt, ...SMOOTH_AFTER });
    const seen = { ...(await load.finish(span.endedAt + CONVERGED_WITHIN_MS)), fault: span };
    const complaints = output.complaintsOf(component);
    const observation: Observation = {
      ...seen,
      answering: leavesAnswering(fault),
      lateLimitMs: component === 'messages' ? TAKEN_OVER_WITHIN_MS : undefined,
      deadLetterIds: await deadLetterIds(rabbitMqUrl),
      processes: await watch.end(),
      rssLimitBytes: RSS_LIMIT_BYTES,
      evidence: evidenceOf(victim, { seen, replaced, complaints }),
    };
    return { victim: victim.name, verdict: check(observation), observation };
  } finally {
    await watch.end();
    load.close();
  }
}

async function deadLetterIds(url: string): Promise<string[]> {
  const deadLetters = await DeadLetters.open(url);
  try {
    const ids: string[] = [];
    for await (const { id } of deadLetters.all()) ids.push(id);
    return ids;
  } finally {
    await deadLetters.close();
  }
}
