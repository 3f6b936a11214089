/**
 * Runs `task` while no other tab of this origin holds the lock of the same name (Web Locks API).
 * If the API is missing (insecure origins), the task runs unlocked: every caller must be correct
 * even without the lock.
 */
export async function withLock<T>(name: string, task: () => Promise<T>): Promise<T> {
  const { locks } = navigator as Partial<Navigator>;
  return locks ? await locks.request(name, task) : task();
}
