/** Error codes that are always caused by this process or machine, never by the peer. */
const LOCAL_CODES: ReadonlySet<string> = new Set([
  // Out of file descriptors, memory or buffers.
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOBUFS',
  'EAGAIN',
  'EAI_MEMORY',
  // Out of local ports or addresses.
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  // Forbidden on this machine.
  'EACCES',
  'EPERM',
  'ENETDOWN',
]);

/**
 * Returns the code of a connection error that has a local cause and says nothing about the peer.
 *
 * @param error may wrap another error (`cause`), or combine the errors of one attempt per address
 * (`errors`)
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
