import { clearInterval, setInterval } from 'node:timers';

const LOOK_EVERY_MS = 500;

/**
 * Sends this process SIGTERM once npm, which started it, has ended. npm passes SIGTERM and SIGINT
 * on, but not SIGHUP, and nothing at all when it is killed.
 */
export function stopWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_EVERY_MS);
  timer.unref();
}

/** Keeps this process running after the reader of its output has ended, as in `npm start | head`. */
export function outliveReaders() {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
