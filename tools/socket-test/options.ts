import { parseArgs } from 'node:util';

export interface Options {
  url: string;
  help: boolean;
}

export const HELP = `Smoke test of a running chat: registers two users, joins rooms, sends messages in both
directions, and compares the delivered messages with the history.

  npm run socket-test [-- --url <address>]
  cd tools && node socket_test.js [--url <address>]

  --url <address>   address of the server, default http://localhost:3000
  --help            print this help

Exits with 0 on success, with 1 when a check failed or the server cannot be reached, with 2
on an unknown option.`;

/**
 * Parses the command line.
 *
 * @throws Error with a one-line message for an unknown or invalid option
 */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string', default: 'http://localhost:3000' },
      help: { type: 'boolean', default: false },
    },
  });
  const { url, help } = values;
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new Error(`--url must be an http or https address, not "${url}".`);
  }
  return { url: url.replace(/\/+$/, ''), help };
}
