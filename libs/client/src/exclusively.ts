/**
 * Runs the task while no other tab of this origin runs one under the same name. Where the browser
 * has no locks (an insecure origin), it just runs: every caller must be right without the lock.
 */
export async function exclusively<T>(name: string, task: () => Promise<T>): Promise<T> {
  const { locks } = navigator as Partial<Navigator>;
  return locks ? await locks.request(name, task) : task();
}
