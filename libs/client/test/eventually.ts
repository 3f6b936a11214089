import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats the assertion until it holds; after the time limit its own failure is thrown. */
export async function eventually(
  assertion: () => void | Promise<void>,
  limitMs = 8_000,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      await assertion();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(10);
    }
  }
}
