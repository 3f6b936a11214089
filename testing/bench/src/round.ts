import { setTimeout as delay } from 'node:timers/promises';
import { cpuTimeMs } from './cpu-time.ts';
import { LoadProcess } from './load-process.ts';
import type { MeasuredChat, Mode } from './measured-chat.ts';
import { allDelivered } from './send-tracker.ts';
import { LOAD, type Pace, type Throughput } from './steps.ts';

/** Duration of the measurement of idle sockets. */
const IDLE_MS = 5_000;
/** Time for the servers to finish the work that the joins cause. */
const SETTLE_MS = 2_000;
const LOAD_GENERATOR = 'load generator';

export interface Round {
  readonly mode: Mode;
  readonly throughput: Throughput;
  readonly pace: Pace;
  /** CPU milliseconds per message at the steady rate, by process. */
  readonly cpuPerMessage: Readonly<Record<string, number>>;
  /** CPU milliseconds per second while the same sockets are connected and idle, by process. */
  readonly cpuIdle: Readonly<Record<string, number>>;
}

/** Measures a newly started chat. */
export async function measure(
  mode: Mode,
  chat: MeasuredChat,
  progress: (line: string) => void,
): Promise<Round> {
  const load = new LoadProcess(chat.url);
  try {
    const processes = new Map([...chat.processes, [LOAD_GENERATOR, [load.pid]]]);
    progress(`registering ${LOAD.users} users`);
    await load.run('register');
    progress(`warming up with ${LOAD.warmUpMessages} messages`);
    await load.run('warmUp');
    progress('connecting sockets for the steady rate');
    await load.run('connect');
    await delay(SETTLE_MS);
    const idle = await cpuDuring(processes, () => delay(IDLE_MS));
    progress(`sending ${LOAD.pace.messagesPerSecond} messages per second`);
    const paced = await cpuDuring(processes, () => load.run('pace'));
    const pace = paced.result;
    await load.run('disconnect');
    // Runs last, because a faster chat stores more messages in it, and that slows down later reads.
    progress('measuring throughput');
    const throughput = await load.run('throughput');
    return {
      mode,
      throughput,
      pace,
      cpuPerMessage: divideAll(paced.cpuMs, pace.sent),
      cpuIdle: divideAll(idle.cpuMs, IDLE_MS / 1_000),
    };
  } finally {
    await load.close();
  }
}

/** Returns whether every send of a round was acknowledged and delivered to every member. */
export function isComplete({ throughput, pace }: Round): boolean {
  return allDelivered(throughput) && allDelivered(pace);
}

async function cpuDuring<T>(
  processes: ReadonlyMap<string, readonly number[]>,
  work: () => Promise<T>,
): Promise<{ result: T; cpuMs: Record<string, number> }> {
  const before = await cpuOf(processes);
  const result = await work();
  const cpuMs = await cpuOf(processes);
  for (const name of Object.keys(cpuMs)) cpuMs[name] = (cpuMs[name] ?? 0) - (before[name] ?? 0);
  return { result, cpuMs };
}

async function cpuOf(
  processes: ReadonlyMap<string, readonly number[]>,
): Promise<Record<string, number>> {
  const used: Record<string, number> = {};
  for (const [name, pids] of processes) {
    const times = await Promise.all(pids.map(cpuTimeMs));
    used[name] = times.reduce((sum, ms) => sum + ms, 0);
  }
  return used;
}

function divideAll(values: Record<string, number>, divisor: number): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value / divisor]));
}
