/** Maximum number of log bytes buffered for a slow reader. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/**
 * Ignores errors of standard output and standard error, so that the process keeps serving requests
 * when the reader of its output exits or the disk of its log is full: there is nowhere left to
 * report that failure.
 */
export function ignoreOutputErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/**
 * Standard output as the destination of log lines. It neither blocks the process nor buffers
 * without limit: lines are dropped while the reader is more than 1 MiB behind.
 */
export const standardOutput = {
  write(line: string): void {
    if (process.stdout.writableLength < MAX_BUFFERED_BYTES) process.stdout.write(line);
  },
};
