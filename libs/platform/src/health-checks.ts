import { Injectable } from '@nestjs/common';
import type { Health } from '@chat/contracts';

/** In milliseconds. */
const CHECK_TIMEOUT_MS = 2_000;

export interface CheckOptions {
  /** Time that the check may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** Whether the process serves without it; its state is told all the same. */
  readonly optional?: boolean;
}

interface RegisteredCheck extends Required<CheckOptions> {
  readonly check: () => Promise<void>;
}

type Outcome = Health['checks'][string];

/** What this process depends on; features and adapters register a check for each. */
@Injectable()
export class HealthChecks {
  private readonly checks = new Map<string, RegisteredCheck>();
  private stopped = false;

  /** Whether the process has been told to stop: nothing new should come to it. */
  get stopping(): boolean {
    return this.stopped;
  }

  /** From now on the process says that it is stopping. */
  stop(): void {
    this.stopped = true;
  }

  /**
   * @param check resolves when the dependency works, rejects when it does not.
   * The reason is logged by whoever knows it and never told to the caller.
   * @returns a function that removes the check.
   */
  register(
    name: string,
    check: () => Promise<void>,
    { timeoutMs = CHECK_TIMEOUT_MS, optional = false }: CheckOptions = {},
  ): () => void {
    this.checks.set(name, { check, timeoutMs, optional });
    return () => this.checks.delete(name);
  }

  /** Asks every dependency at once; never rejects. */
  async run(): Promise<Health> {
    const outcomes = [...this.checks].map(
      async ([name, { check, timeoutMs }]): Promise<[string, Outcome]> => [
        name,
        await outcomeOf(check, timeoutMs),
      ],
    );
    const checks = Object.fromEntries(await Promise.all(outcomes));
    const serves = [...this.checks].every(
      ([name, { optional }]) => optional || checks[name]?.status === 'ok',
    );
    return { status: serves && !this.stopped ? 'ok' : 'unavailable', checks };
  }
}

async function outcomeOf(check: () => Promise<void>, timeoutMs: number): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(
    () => resolve({ status: 'unavailable', message: `No answer within ${timeoutMs} ms.` }),
    timeoutMs,
  );
  Promise.resolve()
    .then(check)
    .then(
      () => resolve({ status: 'ok' }),
      () => resolve({ status: 'unavailable', message: 'The check failed.' }),
    );
  return promise.finally(() => clearTimeout(timer));
}
