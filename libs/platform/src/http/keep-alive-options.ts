/**
 * Idle timeout of a keep-alive connection to a service, in milliseconds.
 *
 * A stopping service announces its stop for `STOP_DELAY_MS` (1,500 ms by default) before it closes
 * idle connections: in every response (`Connection: close`) and at `/health/live`. A connection
 * whose last response did not announce a stop, and is at most 1,000 ms old, therefore stays open
 * for 500 ms or more, so that no request is sent over a connection that is being closed.
 */
const IDLE_MS = 1_000;

/** Options of undici for keep-alive connections to services. */
export const KEEP_ALIVE_OPTIONS = {
  pipelining: 1,
  keepAliveTimeout: IDLE_MS,
  // Services announce 65 s, which is meant for proxies that do not detect a stop.
  keepAliveMaxTimeout: IDLE_MS,
} as const;
