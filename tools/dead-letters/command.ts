export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'list' }
  | { readonly name: 'show'; readonly id: string }
  /** Without an id: all of them. */
  | { readonly name: 'replay'; readonly id: string | undefined };

export const HELP = `Messages that could never be stored, as RabbitMQ keeps them.

  npm run dead-letters -- list           how many there are, and each with its reason, time and room
  npm run dead-letters -- show <id>      everything about one, its content included
  npm run dead-letters -- replay <id>    sends one again, as if it came now
  npm run dead-letters -- replay all     sends all of them again, oldest first

RABBITMQ_URL, from the environment or .env, says where RabbitMQ is. A replayed message that
still cannot be stored comes back with a new reason.

Exits with 0 when it did what it was asked for, with 1 when RabbitMQ cannot be reached or there
is no such dead letter, with 2 on a command it does not know.`;

/** @throws Error with one readable line for a command that is not known or lacks something */
export function readCommand(args: readonly string[]): Command {
  const [name, id, ...rest] = args;
  if (name === undefined || name === '--help' || name === 'help') return { name: 'help' };
  if (rest.length > 0) throw new Error(`"${name}" takes no more than one id.`);
  if (name === 'list' && id === undefined) return { name };
  if (name === 'show' && id !== undefined) return { name, id };
  if (name === 'replay' && id !== undefined) return { name, id: id === 'all' ? undefined : id };
  if (name === 'list') throw new Error('"list" takes no id.');
  if (name === 'show') throw new Error('"show" needs an id, which "list" tells.');
  if (name === 'replay') throw new Error('"replay" needs an id, which "list" tells, or "all".');
  throw new Error(`There is no command "${name}".`);
}
