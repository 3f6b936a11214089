import type { MessageCommand } from './message-command.ts';
import type { MessageCreate } from './message-create.ts';

/** What a writer stores: a new message, or a command that changes one. */
export type Command = MessageCreate | MessageCommand;

export function isCreate(command: Command): command is MessageCreate {
  return !('kind' in command);
}
