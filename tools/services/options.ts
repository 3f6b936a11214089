import { parseArgs } from 'node:util';

export interface Options {
  /** Instances of each service. */
  readonly users: number;
  readonly messages: number;
  readonly chat: number;
  readonly gateway: number;
  /** Port of the gateways. */
  readonly port: number;
  readonly dataDir: string;
  readonly help: boolean;
}

const MAX_INSTANCES = 16;

export const HELP = `Runs the chat as services on this machine: gateway, users, messages and chat as separate
processes, with a private Redis, RabbitMQ and MongoDB.

  npm run services [-- options]

  --chat <n>, --messages <n>, --users <n>, --gateway <n>
                    instances of each, 1 to ${MAX_INSTANCES}; default 1. All gateways share one port
  --port <port>     port of the gateways, default 3000. The first instances of users, messages and
                    chat listen on the three ports after it
  --data-dir <dir>  persistent data, and the log of every process; default data/services
  --help            print this help

Requires redis-server and rabbitmq-server. MongoDB is the mongod that MONGOMS_SYSTEM_BINARY
names, otherwise the one on the PATH, otherwise a binary that is downloaded once. Ctrl-C stops all
processes.`;

/**
 * Parses the command line.
 *
 * @throws Error with a one-line message for an unknown or invalid option
 */
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
    wholeNumber(`--${name}`, values[name], 1, MAX_INSTANCES);
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
