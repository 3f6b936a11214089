import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls a condition every 10 ms; resolves once it holds.
 *
 * @param what the condition in words, for the error message
 * @throws Error after the timeout
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}
