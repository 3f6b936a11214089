import { setTimeout as delay } from 'node:timers/promises';
import { disperse, gather, signUp, type Member } from './crowd.ts';
import { Ledger } from './ledger.ts';
import { percentile } from './percentiles.ts';
import {
  LOAD,
  type Pace,
  type Percentiles,
  type Step,
  type StepAnswer,
  type StepResults,
  type Throughput,
} from './steps.ts';

// A process of its own: `node load-generator.js <url>`, told what to do by its parent.
const url = process.argv[2] ?? '';
let tokens: string[] = [];
let members: Member[] = [];

const STEPS: { [S in Step]: () => Promise<StepResults[S]> } = {
  enter: async () => {
    tokens = await signUp(url, LOAD.users);
    return undefined;
  },
  throughput,
  gather: async () => {
    members = await gather(url, tokens, { name: 'paced', ...LOAD.pace });
    return undefined;
  },
  pace,
};

process.on('message', (step: Step) => {
  const answer = (content: StepAnswer): void => void process.send?.(content);
  STEPS[step]().then(
    (result) => answer({ step, result }),
    (error: unknown) => answer({ step, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

/** Every socket sends again as soon as one of its sends is acknowledged. */
async function throughput(): Promise<Throughput> {
  const { membersPerRoom, inFlightPerSocket, warmUpMs, ms } = LOAD.throughput;
  const senders = await gather(url, tokens, { name: 'busy', ...LOAD.throughput });
  const ledger = new Ledger(senders, membersPerRoom);
  let sending = true;
  const send = (member: Member): void => {
    if (sending) ledger.send(member, () => send(member));
  };
  for (const member of senders) {
    for (let count = 0; count < inFlightPerSocket; count += 1) send(member);
  }
  await delay(warmUpMs);
  const from = { at: performance.now(), acknowledged: ledger.acknowledged };
  await delay(ms);
  const seconds = (performance.now() - from.at) / 1_000;
  const acknowledgedPerSecond = (ledger.acknowledged - from.acknowledged) / seconds;
  sending = false;
  await ledger.settled();
  disperse(senders);
  refuse(ledger);
  return { acknowledgedPerSecond, ...ledger.account };
}

/** Sends come at their times, however long the answers to earlier ones take. */
async function pace(): Promise<Pace> {
  const { membersPerRoom, messagesPerSecond, ms } = LOAD.pace;
  const ledger = new Ledger(members, membersPerRoom);
  const count = (ms / 1_000) * messagesPerSecond;
  const from = performance.now();
  for (let index = 0; index < count; index += 1) {
    await delay(Math.max(0, from + (index * 1_000) / messagesPerSecond - performance.now()));
    // Rooms take turns, and in them the members.
    const sender = members[index % members.length];
    if (sender) ledger.send(sender);
  }
  await ledger.settled();
  refuse(ledger);
  return {
    toAcknowledged: percentiles(ledger.toAcknowledged),
    toShown: percentiles(ledger.toShown),
    ...ledger.account,
  };
}

function percentiles(values: readonly number[]): Percentiles {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
}

function refuse({ refusal }: Ledger): void {
  if (refusal !== undefined) throw new Error(`a send was refused: ${refusal}`);
}
