import type { ClientPayload } from '@chat/contracts';

/** What the outbox delivers: a client event of the wire contract. */
export type CommandKind = 'sendMessage' | 'editMessage' | 'deleteMessage' | 'react';

/** Kinds of commands that change a message. */
export type ChangeKind = Exclude<CommandKind, 'sendMessage'>;

/** Content of a command: its event without the room and the `clientMessageId`. */
export type CommandPayload<K extends CommandKind> = Omit<
  ClientPayload<K>,
  'roomId' | 'clientMessageId'
>;

/** A command without its room. */
export type Command<K extends CommandKind = CommandKind> = {
  [Kind in K]: { readonly kind: Kind; readonly payload: CommandPayload<Kind> };
}[K];

const KINDS: ReadonlySet<string> = new Set<CommandKind>([
  'sendMessage',
  'editMessage',
  'deleteMessage',
  'react',
]);

/** Whether this client knows the kind; newer ones store other kinds too. */
export function isCommandKind(kind: unknown): kind is CommandKind {
  return typeof kind === 'string' && KINDS.has(kind);
}

/**
 * Returns what a change sets: of two changes with the same target, the later one decides. One of
 * a text, the existence of a message, and one reaction of the user.
 */
export function targetOf({ kind, payload }: Command<ChangeKind>): string {
  return `${kind} ${payload.messageId}${kind === 'react' ? ` ${payload.emoji}` : ''}`;
}
