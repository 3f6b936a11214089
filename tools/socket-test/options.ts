import { parseArgs } from 'node:util';

export interface Options {
  url: string;
  help: boolean;
}

export const HELP = `Checks a running chat from outside: signs two users up, joins rooms, sends both ways,
reads the history back and compares.

  npm run socket-test [-- --url <address>]
  cd tools && node socket_test.js [--url <address>]

  --url <address>   the server, http://localhost:3000 unless given
  --help            this text

Exits with 0 when everything was as it must be, with 1 on a difference or when the server
cannot be reached, with 2 on an option it does not know.`;

/** @throws Error with one readable line for an option that is not known or has no sense */
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
