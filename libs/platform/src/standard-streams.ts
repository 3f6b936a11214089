/** Most bytes of the log that wait for a slow reader. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Keeps the process serving after the reader of its output has ended, or a full
 * disk refuses its log: there is no place left to report that failure to.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/**
 * Standard output as a destination of log lines. It neither blocks the process nor
 * grows without bound: a reader that is more than 1 MiB behind misses lines.
 */
export const standardOutput = {
  write(line: string): void {
    if (process.stdout.writableLength < MAX_WAITING_BYTES) process.stdout.write(line);
  },
};
