import { setTimeout as delay } from 'node:timers/promises';

/** Repeats the check until it passes; after the time limit its own failure is thrown. */
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
