import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@chat/testing';
import { DeadLetters } from '@chat/transport/rabbitmq';
import { check, type Verdict } from './check/verdict.ts';
import type { Observation } from './check/observation.ts';
import { evidenceOf, Output } from './faults/evidence.ts';
import type { Fault } from './faults/fault.ts';
import { inflict } from './faults/inflict.ts';
import { victimOf } from './faults/victim.ts';
import type { Cast } from './load/cast.ts';
import { Load } from './load/load.ts';
import { ProcessWatch } from './process-watch.ts';
import type { Stage } from './topology.ts';

const BEFORE_MS = 4_000;
/** A machine that others keep busy would look as if the fault did it. */
const CALM_WITHIN_MS = 60_000;
const AFTER_MS = 6_000;
const CONVERGED_WITHIN_MS = 20_000;
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
  { component, kind }: Fault,
): Promise<RunResult> {
  const load = await Load.prepare(cast);
  const watch = new ProcessWatch([
    ...topology.instances(),
    { name: 'redis', process: topology.redis },
    { name: 'rabbitmq', process: topology.rabbitmq },
  ]);
  try {
    load.start();
    await delay(BEFORE_MS);
    await eventually(() => {
      if (!load.calm) throw new Error('the load did not run smoothly before the fault');
    }, CALM_WITHIN_MS);
    const victim = await victimOf(topology, component, load.sessionIds);
    const output = new Output(topology);
    const beganAt = Date.now();
    await inflict(kind, victim, topology, watch);
    const fault = { beganAt, endedAt: Date.now() };
    await delay(AFTER_MS);
    const loadEndedAt = Date.now();
    const seen = await load.finish(CONVERGED_WITHIN_MS);
    const observation: Observation = {
      ...seen,
      fault,
      loadEndedAt,
      deadLetterIds: await deadLetterIds(rabbitMqUrl),
      processes: await watch.end(),
      rssLimitBytes: RSS_LIMIT_BYTES,
      evidence: evidenceOf(component, victim, { ...seen, fault }, output.complaintsOf(component)),
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
