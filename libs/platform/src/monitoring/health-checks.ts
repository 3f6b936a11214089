import { Injectable } from '@nestjs/common';
import type { Health } from '@chat/contracts';

/** Default timeout of a check, in milliseconds. */
const CHECK_TIMEOUT_MS = 2_000;

export interface CheckOptions {
  /** Timeout of the check, in milliseconds. */
  readonly timeoutMs?: number;
  /** Whether the process can work without the dependency; its state is reported anyway. */
  readonly optional?: boolean;
}

interface RegisteredCheck extends Required<CheckOptions> {
  readonly check: () => Promise<void>;
}

type Outcome = Health['checks'][string];

/** Registry of health checks; features and adapters register one for each dependency. */
@Injectable()
export class HealthChecks {
  readonly #checks = new Map<string, RegisteredCheck>();
  #stopping = false;

  /** Whether the process is stopping and should receive no new requests. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** Marks the process as stopping: from now on it reports that it is unavailable. */
  markStopping(): void {
    this.#stopping = true;
  }

  /**
   * Registers a check.
   *
   * @param check resolves when the dependency is available, rejects when it is not. The component
   * that registers it logs the reason, which is never reported to the caller.
   * @returns a function that removes the check
   */
  register(
    name: string,
    check: () => Promise<void>,
    { timeoutMs = CHECK_TIMEOUT_MS, optional = false }: CheckOptions = {},
  ): () => void {
    this.#checks.set(name, { check, timeoutMs, optional });
    return () => this.#checks.delete(name);
  }

  /** Runs all checks concurrently; never rejects. */
  async run(): Promise<Health> {
    const outcomes = [...this.#checks].map(
      async ([name, { check, timeoutMs }]): Promise<[string, Outcome]> => [
        name,
        await outcomeOf(check, timeoutMs),
      ],
    );
    const checks = Object.fromEntries(await Promise.all(outcomes));
    const serves = [...this.#checks].every(
      ([name, { optional }]) => optional || checks[name]?.status === 'ok',
    );
    return { status: serves && !this.#stopping ? 'ok' : 'unavailable', checks };
  }
}

async function outcomeOf(check: () => Promise<void>, timeoutMs: number): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(
    () => resolve({ status: 'unavailable', message: `No response within ${timeoutMs} ms.` }),
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
