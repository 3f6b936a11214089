import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  /** How many instances of chat and messages the services have. */
  readonly chat: number;
  readonly messages: number;
  readonly json: boolean;
  readonly help: boolean;
}

const MOST_ROUNDS = 20;
const MOST_INSTANCES = 16;

export const HELP = `Measures the chat in both modes, standalone and services, in turns:
acknowledged sends per second, time from send to shown, and CPU time per message by process.

  npm run bench [-- options]

  --rounds <n>      of each mode, 1 to ${MOST_ROUNDS}; 3 unless given. A round is a fresh chat without data
  --chat <n>, --messages <n>
                    instances in services mode, 1 to ${MOST_INSTANCES}; 1 unless given
  --json            prints the numbers of every round instead of tables; progress goes to stderr
  --help            this text

A round takes about a minute. Linux only: CPU time is read from /proc. Needs what \`npm run services\` needs.
Ends with 1 when anything that was sent was not acknowledged or not shown to every member.`;

/** @throws Error with one readable line for an option that is not known or has no sense */
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
    rounds: wholeNumber('--rounds', values.rounds, MOST_ROUNDS),
    chat: wholeNumber('--chat', values.chat, MOST_INSTANCES),
    messages: wholeNumber('--messages', values.messages, MOST_INSTANCES),
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
