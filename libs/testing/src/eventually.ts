import { setTimeout as delay } from 'node:timers/promises';

/** Repeats a check every 10 ms until it passes; throws its last error after the timeout. */
export async function eventually(check: () => unknown, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(10);
    }
  }
}

/**
 * Polls a condition every 10 ms until it holds.
 *
 * @param description describes the condition in the error message
 * @throws Error after the timeout
 */
export async function until(
  description: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs?: number,
): Promise<void> {
  await eventually(async () => {
    if (!(await condition())) throw new Error(`timed out waiting until: ${description}`);
  }, timeoutMs);
}
