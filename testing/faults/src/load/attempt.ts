import type { Ack } from '@chat/contracts';
import type { FailedOutcome } from '../check/observation.ts';

/** Pause before a request is repeated, unless the server requests a longer one. Milliseconds. */
export const RETRY_MS = 50;
/** How often a client that is not connected is checked. Milliseconds. */
export const CONNECTION_CHECK_MS = 20;
/** Time limit for attempts after `stop`, so that a server that accepts none does not block a run. */
export const GIVE_UP_AFTER_MS = 20_000;

/**
 * Emits a request once. Never rejects: without an acknowledgement the outcome is `no-ack`.
 *
 * @param toOutcome returns the outcome of a successful acknowledgement
 */
export async function attempt<Result, Ok>(
  emit: () => Promise<Ack<Result>>,
  toOutcome: (result: Result, time: number) => Ok,
): Promise<Ok | FailedOutcome> {
  try {
    const ack = await emit();
    const time = Date.now();
    if (ack.ok) return toOutcome(ack, time);
    // The acknowledgement of a faulty server may have any shape.
    const error = ack.error as Partial<typeof ack.error> | undefined;
    return { kind: 'error', code: error?.code, retryAfterMs: error?.retryAfterMs, time };
  } catch {
    return { kind: 'no-ack', time: Date.now() };
  }
}
