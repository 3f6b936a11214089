/** Codes of failures for which this process, or its machine, is the reason, and never the other end. */
const LOCAL_CODES: ReadonlySet<string> = new Set([
  // No file descriptors, memory or buffers.
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOBUFS',
  'EAGAIN',
  'EAI_MEMORY',
  // No local ports or addresses.
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  // Forbidden on this machine.
  'EACCES',
  'EPERM',
  'ENETDOWN',
]);

/**
 * The code of a connection error that says nothing about the other end.
 *
 * @param error also one that wraps others (`cause`), or stands for one attempt for each address (`errors`)
 * @returns undefined for any other error
 */
export function localFailureCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause, errors }: { code?: unknown; cause?: unknown; errors?: unknown } = error;
  if (Array.isArray(errors)) {
    const codes = errors.map(localFailureCode);
    return codes.includes(undefined) ? undefined : codes[0];
  }
  return typeof code === 'string' && LOCAL_CODES.has(code) ? code : localFailureCode(cause);
}
