/**
 * Runs `task` while no other tab of this origin runs one under the same lock name (Web Locks API).
 * Without that API (an insecure origin) the task runs unlocked: every caller must be correct
 * without the lock.
 */
export async function withLock<T>(name: string, task: () => Promise<T>): Promise<T> {
  const { locks } = navigator as Partial<Navigator>;
  return locks ? await locks.request(name, task) : task();
}
