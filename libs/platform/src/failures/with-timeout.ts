/**
 * Settles like the promise, within a time limit. A promise that settled while this process was
 * busy counts as in time. The operation behind the promise is not cancelled.
 *
 * @param timeoutMs milliseconds; `Infinity` for no limit
 * @throws TimeoutError if the promise is still pending after the time limit
 */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  if (timeoutMs === Infinity) return promise;
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    setImmediate(() => {
      reject(new TimeoutError(timeoutMs));
    });
  }, timeoutMs);
  try {
    return await Promise.race([promise, timedOut]);
  } finally {
    clearTimeout(timer);
  }
}

export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(timeoutMs: number) {
    super(`no response within ${Math.round(timeoutMs)} ms`);
  }
}
