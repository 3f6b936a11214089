import { DeadLetters } from '@chat/transport/rabbitmq';
import { check, type Verdict } from './check/verdict.ts';
import type { Observation } from './check/observation.ts';
import { evidenceOf, LogCapture } from './faults/evidence.ts';
import { keepsChatAvailable, type Fault } from './faults/fault.ts';
import { injectFault } from './faults/inject-fault.ts';
import { chooseTarget } from './faults/fault-target.ts';
import { Load } from './load/load.ts';
import type { TestUsers } from './load/test-users.ts';
import { monitorable, pidOfServerAt, ProcessMonitor } from './process-monitor.ts';
import type { TestEnvironment } from './test-environment.ts';

/**
 * Smooth load required before the fault: otherwise effects of a busy machine look like the fault's.
 */
const SMOOTH_BEFORE = { forMs: 2_000, withinMs: 60_000 };
/**
 * After the fault the load continues until it has run smoothly for the longest timeout of the test
 * environment. A load that never does is also stopped, and the run is checked.
 */
const SMOOTH_AFTER = { forMs: 3_000, withinMs: 6_000 };
/** Time limit for convergence from the end of the fault, including the remaining load. */
const CONVERGED_WITHIN_MS = 20_000;
/** Time limit for a failover from one instance of `messages` to another. */
const FAILOVER_WITHIN_MS = 8_000;
const RSS_LIMIT_BYTES = 600 * 1024 * 1024;

export interface RunResult {
  readonly victim: string;
  readonly verdict: Verdict;
  readonly observation: Observation;
}

/** Runs the load with one fault in the middle, and checks the records of the clients. */
export async function runOnce(
  { topology, rabbitMqUrl }: TestEnvironment,
  users: TestUsers,
  fault: Fault,
): Promise<RunResult> {
  const { component } = fault;
  const load = await Load.prepare(users);
  const monitor = new ProcessMonitor([
    ...topology.instances().map(({ name, process }) => monitorable(name, process)),
    monitorable('redis', topology.redis),
    monitorable('rabbitmq', topology.rabbitmq),
    { name: 'mongo', control: topology.mongo, pid: () => pidOfServerAt(topology.mongo.port) },
  ]);
  try {
    load.start();
    const disruptions = await load.untilSmooth({ startedAt: Date.now(), ...SMOOTH_BEFORE });
    if (disruptions.length > 0) {
      throw new Error(`the load did not run smoothly before the fault: ${disruptions.join(', ')}`);
    }
    const target = await chooseTarget(topology, component, () => load.sessionIds);
    const logs = new LogCapture(topology);
    const pid = await monitor.pidOf(target.control);
    const startedAt = Date.now();
    await injectFault(fault, target, topology, monitor);
    const span = { startedAt, endedAt: Date.now() };
    const replaced = (await monitor.pidOf(target.control)) !== pid;
    const remaining = await load.untilSmooth({ startedAt: span.endedAt, ...SMOOTH_AFTER });
    const smoothFrom = remaining.length === 0 ? Date.now() - SMOOTH_AFTER.forMs : undefined;
    const records = { ...(await load.finish(span.endedAt + CONVERGED_WITHIN_MS)), fault: span };
    const logLines = logs.linesAbout(component);
    const observation: Observation = {
      ...records,
      smoothFrom,
      chatAvailable: keepsChatAvailable(fault),
      maxDeliveryMs: component === 'messages' ? FAILOVER_WITHIN_MS : undefined,
      deadLetterIds: await deadLetterIds(rabbitMqUrl),
      processes: await monitor.stop(),
      rssLimitBytes: RSS_LIMIT_BYTES,
      evidence: evidenceOf(target, { records, replaced, logLines }),
    };
    return { victim: target.name, verdict: check(observation), observation };
  } finally {
    await monitor.stop();
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
