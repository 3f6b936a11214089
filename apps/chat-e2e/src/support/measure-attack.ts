import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { TestUser, ClientSocket } from './test-user.ts';
import { emitWithAck } from './emit-with-ack.ts';
import { startChat, type ChatUnderTest, type ProcessUnderTest } from './chat-under-test.ts';
import { metric } from './metrics.ts';

/** Maximum event loop delay and memory of a process under attack. */
const MAX_DELAY_MS = 250;
const MAX_MEBIBYTES = 400;

/** A busy machine sometimes delays the event loop; a defect delays it in every round. */
const MAX_ROUNDS = 3;
/** Pause between honest requests of one kind; keeps them below every limit per user. */
const HONEST_PAUSE_MS = 40;
const HONEST_TIMEOUT_MS = 15_000;
/**
 * The event loop monitor ticks every 10 ms; a delay is lost if a scrape resets the monitor before
 * the next tick.
 */
const MONITOR_TICKS_MS = 50;

/** Headers that give a hostile client a separate address; requires {@link startChatForAttack}. */
export const ATTACKER = { 'x-forwarded-for': '198.51.100.66' } as const;

/**
 * Starts a server that trusts `X-Forwarded-For`, so that attackers and honest clients have different
 * addresses.
 */
export function startChatForAttack(
  env: Readonly<Record<string, string>> = {},
): Promise<ChatUnderTest> {
  return startChat({ TRUST_PROXY: '127.0.0.1,::1', ...env });
}

export interface ProcessImpact {
  readonly name: string;
  /** Longest event loop delay. */
  readonly longestDelayMs: number;
  /** Peak resident memory. */
  readonly peakMebibytes: number;
}

export interface AttackReport {
  readonly processes: readonly ProcessImpact[];
  /** Requests from honest clients during the attack. */
  readonly honest: {
    readonly succeeded: number;
    /** Errors of requests that were rejected or got no response. */
    readonly failures: readonly string[];
    readonly longestMs: number;
  };
}

/**
 * Runs an attack while honest clients read history and send messages, and reports the effects. An
 * attack that delayed an event loop for too long is repeated. The report has the shortest delay, the
 * highest memory and all honest requests of the rounds.
 *
 * @param attack resolves when each of its requests has received a response or lost its connection
 */
export async function measureAttack(
  chat: ChatUnderTest,
  attack: () => Promise<void>,
): Promise<AttackReport> {
  const honest = await HonestClient.connect(chat);
  const rounds: (readonly ProcessImpact[])[] = [];
  try {
    do rounds.push(await round(chat, attack, honest));
    while (rounds.length < MAX_ROUNDS && !rounds.some(isResponsive));
  } finally {
    honest.close();
  }
  const report = {
    processes: chat.processes.map(({ name }) => {
      const measured = rounds.flatMap((processes) =>
        processes.filter((process) => process.name === name),
      );
      return {
        name,
        longestDelayMs: Math.min(...measured.map((process) => process.longestDelayMs)),
        peakMebibytes: Math.max(...measured.map((process) => process.peakMebibytes)),
      };
    }),
    honest: honest.report,
  };
  console.log('attack report', JSON.stringify({ rounds: rounds.length, ...report }));
  return report;
}

/** Asserts that delay and memory stayed within limits and that every honest request succeeded. */
export function expectResponsive({ processes, honest }: AttackReport): void {
  for (const { name, longestDelayMs, peakMebibytes } of processes) {
    const measured = `${name}: ${longestDelayMs.toFixed(0)} ms, ${peakMebibytes.toFixed(0)} MiB`;
    if (longestDelayMs >= MAX_DELAY_MS || peakMebibytes >= MAX_MEBIBYTES) throw new Error(measured);
  }
  expect(honest.failures).toEqual([]);
  expect(honest.succeeded).toBeGreaterThan(0);
}

async function round(
  { processes }: ChatUnderTest,
  attack: () => Promise<void>,
  honest: HonestClient,
): Promise<readonly ProcessImpact[]> {
  await Promise.all(processes.map(resetPeaks));
  const attackEnded = new AbortController();
  const requests = honest.run(attackEnded.signal);
  try {
    await attack();
  } finally {
    attackEnded.abort();
    // The last honest requests complete after all requests that arrived before them.
    await requests;
  }
  await delay(MONITOR_TICKS_MS);
  return Promise.all(
    processes.map(async (process) => ({
      name: process.name,
      longestDelayMs: 1_000 * (await metric(process, 'nodejs_eventloop_lag_max_seconds')),
      peakMebibytes: await peakMebibytes(process),
    })),
  );
}

function isResponsive(processes: readonly ProcessImpact[]): boolean {
  return processes.every(({ longestDelayMs }) => longestDelayMs < MAX_DELAY_MS);
}

/** Resets the maximum event loop delay (by scraping it) and, on Linux, the peak resident memory. */
async function resetPeaks(process: ProcessUnderTest): Promise<void> {
  await metric(process, 'nodejs_eventloop_lag_max_seconds');
  if (hasProc) await writeFile(`/proc/${process.pid}/clear_refs`, '5');
}

/** Returns the peak resident memory; outside Linux, the resident memory after the attack. */
async function peakMebibytes(process: ProcessUnderTest): Promise<number> {
  if (!hasProc) return (await metric(process, 'process_resident_memory_bytes')) / 1024 ** 2;
  const status = await readFile(`/proc/${process.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

const hasProc = process.platform === 'linux';

/** Reads the history of a room and sends to it, as a user does. */
class HonestClient {
  #succeeded = 0;
  #longestMs = 0;
  readonly #failures: string[] = [];

  private constructor(
    private readonly user: TestUser,
    private readonly socket: ClientSocket,
    private readonly roomId: string,
  ) {}

  static async connect(chat: ChatUnderTest): Promise<HonestClient> {
    const user = await chat.register('honest');
    const { id } = await user.createRoom({ name: 'honest', visibility: 'private' });
    const socket = await user.connect();
    await emitWithAck(socket, 'joinRoom', id);
    return new HonestClient(user, socket, id);
  }

  get report(): AttackReport['honest'] {
    const { [0]: first, length } = this.#failures;
    return {
      succeeded: this.#succeeded,
      failures: first === undefined ? [] : [`${length} failed, the first with: ${first}`],
      longestMs: Math.round(this.#longestMs),
    };
  }

  /** Repeats requests until the signal is aborted, and once more after that. */
  async run(until: AbortSignal): Promise<void> {
    await Promise.all([
      this.#repeat(until, () => this.#read()),
      this.#repeat(until, () => this.#send()),
    ]);
  }

  close(): void {
    this.user.close();
  }

  async #repeat(until: AbortSignal, request: () => Promise<void>): Promise<void> {
    for (let last = false; !last; await delay(HONEST_PAUSE_MS)) {
      last = until.aborted;
      const startedAt = performance.now();
      try {
        await request();
        this.#succeeded += 1;
      } catch (error) {
        this.#failures.push(String(error));
      }
      this.#longestMs = Math.max(this.#longestMs, performance.now() - startedAt);
    }
  }

  async #read(): Promise<void> {
    const timeout = delay(HONEST_TIMEOUT_MS, undefined, { ref: false });
    const path = `/messages/history/${this.roomId}?limit=20`;
    const response = await Promise.race([this.user.call('GET', path), timeout]);
    if (response?.status !== 200) throw new Error(`history: ${response?.text ?? 'no response'}`);
  }

  async #send(): Promise<void> {
    const message = { roomId: this.roomId, text: 'honest message' };
    const ack = await emitWithAck(this.socket, 'sendMessage', message, HONEST_TIMEOUT_MS);
    if (!ack.ok) throw new Error(`send: ${ack.error.code} ${ack.error.message}`);
  }
}
