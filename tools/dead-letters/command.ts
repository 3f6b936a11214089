export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'list' }
  | { readonly name: 'show'; readonly id: string }
  /** If the id is undefined: all dead letters. */
  | { readonly name: 'replay'; readonly id: string | undefined };

export const HELP = `Inspects and replays dead letters: messages in RabbitMQ that could not be stored.

  npm run dead-letters -- list           list all, with reason, time and room
  npm run dead-letters -- show <id>      show one, with its content
  npm run dead-letters -- replay <id>    republish one as a new message
  npm run dead-letters -- replay all     republish all, oldest first

RABBITMQ_URL, from the environment or .env, is the address of RabbitMQ. A replayed message that
still cannot be stored becomes a dead letter again, with a new reason.

Exits with 0 on success, with 1 when RabbitMQ cannot be reached or the dead letter does not
exist, with 2 on an unknown command.`;

/**
 * Parses the command line.
 *
 * @throws Error with a one-line message for an unknown or incomplete command
 */
export function readCommand(args: readonly string[]): Command {
  const [name, id, ...rest] = args;
  if (name === undefined || name === '--help' || name === 'help') return { name: 'help' };
  if (rest.length > 0) throw new Error(`"${name}" takes at most one id.`);
  if (name === 'list' && id === undefined) return { name };
  if (name === 'show' && id !== undefined) return { name, id };
  if (name === 'replay' && id !== undefined) return { name, id: id === 'all' ? undefined : id };
  if (name === 'list') throw new Error('"list" takes no id.');
  if (name === 'show') throw new Error('"show" needs an id; "list" shows the ids.');
  if (name === 'replay') throw new Error('"replay" needs an id or "all"; "list" shows the ids.');
  throw new Error(`Unknown command "${name}".`);
}
