import { setTimeout as delay } from 'node:timers/promises';
import { connectMembers, disconnectMembers, registerUsers, type Member } from './members.ts';
import { percentile } from './percentiles.ts';
import { SendTracker } from './send-tracker.ts';
import {
  LOAD,
  type Pace,
  type Percentiles,
  type Step,
  type StepResponse,
  type StepResults,
  type Throughput,
} from './steps.ts';

// Runs as a child process, `node load-generator.js <url>`; the parent sends the steps by IPC.
const url = process.argv[2] ?? '';
let tokens: string[] = [];
let members: Member[] = [];

const STEPS: { [S in Step]: () => Promise<StepResults[S]> } = {
  register: async () => {
    tokens = await registerUsers(url, LOAD.users);
    return undefined;
  },
  warmUp,
  connect: async () => {
    members = await connectMembers(url, tokens, { name: 'paced', ...LOAD.pace });
    return undefined;
  },
  pace,
  disconnect: () => {
    disconnectMembers(members);
    return Promise.resolve(undefined);
  },
  throughput,
};

process.on('message', (step: Step) => {
  const respond = (content: StepResponse): void => void process.send?.(content);
  STEPS[step]().then(
    (result) => respond({ step, result }),
    (error: unknown) => respond({ step, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

/** Sends a fixed number of messages, so that the servers have compiled their code before. */
async function warmUp(): Promise<undefined> {
  const { senders, tracker } = await connectSenders('warm-up');
  sendInClosedLoop(senders, tracker, () => tracker.counts.sent < LOAD.warmUpMessages);
  await tracker.waitUntilSettled();
  disconnectMembers(senders);
  throwIfRejected(tracker);
}

async function throughput(): Promise<Throughput> {
  const { warmUpMs, ms } = LOAD.throughput;
  const { senders, tracker } = await connectSenders('busy');
  let sending = true;
  sendInClosedLoop(senders, tracker, () => sending);
  await delay(warmUpMs);
  const start = { time: performance.now(), acknowledged: tracker.acknowledged };
  await delay(ms);
  const seconds = (performance.now() - start.time) / 1_000;
  const acknowledgedPerSecond = (tracker.acknowledged - start.acknowledged) / seconds;
  sending = false;
  await tracker.waitUntilSettled();
  disconnectMembers(senders);
  throwIfRejected(tracker);
  return { acknowledgedPerSecond, ...tracker.counts };
}

async function connectSenders(name: string): Promise<{ senders: Member[]; tracker: SendTracker }> {
  const senders = await connectMembers(url, tokens, { name, ...LOAD.throughput });
  return { senders, tracker: new SendTracker(senders, LOAD.throughput.membersPerRoom) };
}

/** Every socket sends again as soon as one of its sends is acknowledged, as long as `continues`. */
function sendInClosedLoop(
  senders: readonly Member[],
  tracker: SendTracker,
  continues: () => boolean,
): void {
  const send = (member: Member): void => {
    if (continues()) tracker.send(member, () => send(member));
  };
  for (let count = 0; count < LOAD.throughput.inFlightPerSocket; count += 1) senders.forEach(send);
}

/** Open loop: sends at a fixed rate, independent of the acknowledgements of earlier sends. */
async function pace(): Promise<Pace> {
  const { membersPerRoom, messagesPerSecond, ms } = LOAD.pace;
  const tracker = new SendTracker(members, membersPerRoom);
  const count = (ms / 1_000) * messagesPerSecond;
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1) {
    await delay(Math.max(0, startedAt + (index * 1_000) / messagesPerSecond - performance.now()));
    // Round-robin over the rooms, and over the members of each room.
    const sender = members[index % members.length];
    if (sender) tracker.send(sender);
  }
  await tracker.waitUntilSettled();
  throwIfRejected(tracker);
  return {
    toAcknowledged: percentiles(tracker.toAcknowledged),
    toShown: percentiles(tracker.toDelivered),
    ...tracker.counts,
  };
}

function percentiles(values: readonly number[]): Percentiles {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
}

function throwIfRejected({ rejection }: SendTracker): void {
  if (rejection !== undefined) throw new Error(`a send was rejected: ${rejection}`);
}
