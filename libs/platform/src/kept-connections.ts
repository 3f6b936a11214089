/**
 * How long a connection to a service stays open without a request, in milliseconds.
 *
 * A service that stops announces it for `STOP_DELAY_MS` (1,500 ms by default) before it closes idle connections:
 * with every answer (`Connection: close`) and at `/health/live`. A connection whose last answer did not announce a
 * stop, and is at most 1,000 ms old, therefore stays open for 500 ms or more, and no request meets its end.
 */
const IDLE_MS = 1_000;

/** undici's options for connections to services. */
export const KEPT_CONNECTIONS = {
  pipelining: 1,
  keepAliveTimeout: IDLE_MS,
  // Services announce 65 s, which is meant for proxies that see no stop.
  keepAliveMaxTimeout: IDLE_MS,
} as const;
