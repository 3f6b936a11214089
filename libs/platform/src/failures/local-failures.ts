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
  // Not permitted on this machine, or its network is down.
  'EACCES',
  'EPERM',
  'ENETDOWN',
]);

/**
 * Returns the code of a connection error that has a local cause and says nothing about the peer.
 *
 * @param error may wrap another error (`cause`), or be an AggregateError with one error per
 * attempted address (`errors`)
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
