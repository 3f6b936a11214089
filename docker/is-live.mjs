// Liveness of the service in this container: whether it answers at all.
const response = await fetch(`http://127.0.0.1:${process.env.PORT}/health/live`, {
  signal: AbortSignal.timeout(2_500),
}).catch(() => undefined);
// One that is stopping answers 503, and is alive.
process.exit(response === undefined ? 1 : 0);
