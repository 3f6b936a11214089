import { parseArgs } from 'node:util';

export interface Options {
  /** How many instances of each service. */
  readonly users: number;
  readonly messages: number;
  readonly chat: number;
  readonly gateway: number;
  /** Where the gateways listen. */
  readonly port: number;
  readonly dataDir: string;
  readonly help: boolean;
}

const MOST_INSTANCES = 16;

export const HELP = `Runs the chat as services on this machine: gateway, users, messages and chat as processes,
on a private Redis, RabbitMQ and MongoDB of its own.

  npm run services [-- options]

  --chat <n>, --messages <n>, --users <n>, --gateway <n>
                    how many of each, 1 to ${MOST_INSTANCES}; 1 unless given. All gateways listen on one port
  --port <port>     where, 3000 unless given. The first users, messages and chat listen on the three after it
  --data-dir <dir>  kept over restarts, with the logs of every process; data/services unless given
  --help            this text

Needs redis-server and rabbitmq-server. MongoDB is the mongod that MONGOMS_SYSTEM_BINARY
names, else the one on the PATH, else it is downloaded once. Ctrl-C stops everything.`;

/** @throws Error with one readable line for an option that is not known or has no sense */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      users: { type: 'string', default: '1' },
      messages: { type: 'string', default: '1' },
      chat: { type: 'string', default: '1' },
      gateway: { type: 'string', default: '1' },
      port: { type: 'string', default: '3000' },
      'data-dir': { type: 'string', default: 'data/services' },
      help: { type: 'boolean', default: false },
    },
  });
  const count = (name: 'users' | 'messages' | 'chat' | 'gateway'): number =>
    wholeNumber(`--${name}`, values[name], 1, MOST_INSTANCES);
  return {
    users: count('users'),
    messages: count('messages'),
    chat: count('chat'),
    gateway: count('gateway'),
    port: wholeNumber('--port', values.port, 1, 65_532),
    dataDir: values['data-dir'],
    help: values.help,
  };
}

function wholeNumber(option: string, text: string, lowest: number, highest: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < lowest || value > highest) {
    throw new Error(`${option} must be a whole number from ${lowest} to ${highest}.`);
  }
  return value;
}
