import {
  commandIdOf,
  messageIdOf,
  type CommandContent,
  type MessageCommand,
  type MessageCreate,
} from '../src/commands/index.ts';

export const ROOM = 'general';
export const AT = '2026-01-01T00:00:00.000Z';
export const LATER = '2026-01-01T00:01:00.000Z';

/** Returns the command that creates a message; its id covers user, name and text. */
export function create(userId: string, name: string, text = `text of ${name}`): MessageCreate {
  const content = { userId, roomId: ROOM, clientMessageId: name, text };
  return { ...content, id: messageIdOf(content), username: userId, timestamp: AT };
}

/** Returns a command; its id covers user, name and content. */
export function command(
  userId: string,
  name: string,
  content: Pick<CommandContent, 'kind' | 'payload'>,
): MessageCommand {
  const identity = { ...content, userId, roomId: ROOM, clientMessageId: name } as CommandContent;
  return {
    v: 1,
    opId: commandIdOf(identity),
    roomId: ROOM,
    actor: { userId, username: userId },
    clientMessageId: name,
    acceptedAt: LATER,
    ...content,
  } as MessageCommand;
}

export function edit(userId: string, messageId: string, text: string): MessageCommand {
  return command(userId, `edit to ${text}`, {
    kind: 'message.edit',
    payload: { messageId, text },
  });
}

export function remove(userId: string, messageId: string): MessageCommand {
  return command(userId, 'delete', { kind: 'message.delete', payload: { messageId } });
}

export function react(
  userId: string,
  messageId: string,
  emoji = '👍',
  on = true,
  name = 'react',
): MessageCommand {
  return command(userId, name, { kind: 'reaction.set', payload: { messageId, emoji, on } });
}
