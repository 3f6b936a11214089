import { once } from 'node:events';
import type { ListenOptions, Server } from 'node:net';
import { StartError } from '../failures/start-error.ts';
import { optionName } from '../settings/settings.ts';

/** Names of the settings that configure the port and host of a server. */
export interface ListenSettingNames {
  readonly port: string;
  readonly host: string;
}

/**
 * Starts listening; resolves once the server accepts connections.
 *
 * @throws StartError that names the setting to change, when the port or address is unavailable
 */
export async function listen(
  server: Server,
  options: ListenOptions,
  names: ListenSettingNames,
): Promise<void> {
  try {
    server.listen(options);
    await once(server, 'listening');
  } catch (error) {
    const reason = startErrorMessage((error as NodeJS.ErrnoException).code, options, names);
    throw reason === undefined ? error : new StartError(reason, { cause: error });
  }
}

function startErrorMessage(
  code: string | undefined,
  { port }: ListenOptions,
  names: ListenSettingNames,
): string | undefined {
  const option = (name: string): string => `--${optionName(name)}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${names.port}: port ${String(port)} is in use; stop the program that uses it, or choose another with ${option(names.port)}.`;
    case 'EACCES':
      return `${names.port}: port ${String(port)} may not be used by this user; choose one above 1023 with ${option(names.port)}.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${names.host}: this machine does not have that address; choose another with ${option(names.host)}.`;
    default:
      return undefined;
  }
}
