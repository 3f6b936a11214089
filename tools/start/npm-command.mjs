import { clearInterval, setInterval } from 'node:timers';

const POLL_INTERVAL_MS = 500;

/**
 * Sends SIGTERM to this process once its parent npm has exited. npm forwards SIGTERM and SIGINT,
 * but not SIGHUP, and forwards no signal when it is killed.
 */
export function stopWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, POLL_INTERVAL_MS);
  timer.unref();
}

/** Keeps this process running after its output is closed, as in `npm start | head`. */
export function ignoreOutputErrors() {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
