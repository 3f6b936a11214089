import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  /** Instances of chat and messages in services mode. */
  readonly chat: number;
  readonly messages: number;
  readonly json: boolean;
  readonly help: boolean;
}

const MAX_ROUNDS = 20;
const MAX_INSTANCES = 16;

export const HELP = `Measures the chat in both modes, standalone and services, alternately:
acknowledged sends per second, delivery time, and CPU time per message by process.

  npm run bench [-- options]

  --rounds <n>      rounds of each mode, 1 to ${MAX_ROUNDS}; default 3. Each starts an empty chat
  --chat <n>, --messages <n>
                    instances in services mode, 1 to ${MAX_INSTANCES}; default 1
  --json            print the numbers of every round instead of tables; progress goes to stderr
  --help            print this help

A round takes about a minute. Linux only: CPU time is read from /proc. Requires the same servers as
\`npm run services\`. Exits with 1 when a message was not acknowledged or not delivered
to every member.`;

/**
 * Parses the command line.
 *
 * @throws Error with a one-line message for an unknown or invalid option
 */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      chat: { type: 'string', default: '1' },
      messages: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    rounds: wholeNumber('--rounds', values.rounds, MAX_ROUNDS),
    chat: wholeNumber('--chat', values.chat, MAX_INSTANCES),
    messages: wholeNumber('--messages', values.messages, MAX_INSTANCES),
    json: values.json,
    help: values.help,
  };
}

function wholeNumber(option: string, text: string, highest: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > highest) {
    throw new Error(`${option} must be a whole number from 1 to ${highest}.`);
  }
  return value;
}
