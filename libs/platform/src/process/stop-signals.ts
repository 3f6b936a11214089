/**
 * Under npm, one Ctrl-C sends SIGINT twice, from the terminal and from npm; a SIGINT after this
 * time counts as a second Ctrl-C.
 */
const SAME_CTRL_C_MS = 500;

/**
 * Calls `stop` on the first SIGTERM, SIGINT or SIGHUP. A second Ctrl-C exits the process
 * immediately; other later signals are ignored.
 */
export function onStopSignal(stop: () => void): void {
  let stoppingSince: number | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now();
      stop();
    } else if (signal === 'SIGINT' && performance.now() - stoppingSince > SAME_CTRL_C_MS) {
      process.exit(130);
    }
  };
  process.on('SIGTERM', handle).on('SIGINT', handle).on('SIGHUP', handle);
}
