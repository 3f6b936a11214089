import { Injectable } from '@nestjs/common';
import type { Health } from '@chat/contracts';

/** Time that one check may take, unless told otherwise, in milliseconds. */
const CHECK_TIMEOUT_MS = 2_000;

type Outcome = Health['checks'][string];

/** What this process depends on; features and adapters register a check for each. */
@Injectable()
export class HealthChecks {
  private readonly checks = new Map<string, { check: () => Promise<void>; timeoutMs: number }>();

  /**
   * @param check resolves when the dependency works, rejects when it does not.
   * The reason is logged by whoever knows it and never told to the caller.
   * @returns a function that removes the check.
   */
  register(
    name: string,
    check: () => Promise<void>,
    timeoutMs: number = CHECK_TIMEOUT_MS,
  ): () => void {
    this.checks.set(name, { check, timeoutMs });
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
    const status = Object.values(checks).every((one) => one.status === 'ok') ? 'ok' : 'unavailable';
    return { status, checks };
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
