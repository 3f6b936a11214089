import { SettingsError } from '@chat/platform';
import { DataFolderInUseError, DataFolderUnusableError } from '@chat/storage-sqlite';

/** Why the server did not start, in a line that helps; with a stack only for what nobody expected. */
export function startFailure(error: unknown): string {
  if (
    error instanceof SettingsError ||
    error instanceof DataFolderInUseError ||
    error instanceof DataFolderUnusableError
  ) {
    return error.message;
  }
  if (error instanceof Error && 'code' in error) {
    const address = 'port' in error ? `port ${String(error.port)}` : 'the address';
    switch (error.code) {
      case 'EADDRINUSE':
        return `PORT: ${address} is in use; stop what uses it, or choose another with --port.`;
      case 'EACCES':
        return `PORT: ${address} may not be used by this user; choose one above 1023 with --port.`;
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
        return 'HOST: this machine does not have that address; choose another with --host.';
    }
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
