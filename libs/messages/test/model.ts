import { array, boolean, constantFrom, nat, record, type Arbitrary } from 'fast-check';
import { isCreate, type Command } from '../src/commands/command.ts';
import type { StoredMessage } from '../src/log/stored-message.ts';
import { AT, create, edit, react, remove } from './commands.ts';

interface ModelMessage {
  readonly id: string;
  readonly author: string;
  text: string;
  isEdited: boolean;
  isDeleted: boolean;
  /** `emoji user` of each reaction, in order. */
  reactions: string[];
}

/** The simplest model of one room: the messages that commands must result in. */
export class RoomModel {
  readonly messages: ModelMessage[] = [];

  /** Returns the id of the message that the command changes; undefined without effect. */
  apply(command: Command): string | undefined {
    if (isCreate(command)) {
      const { id, userId: author, text } = command;
      this.messages.push({ id, author, text, isEdited: false, isDeleted: false, reactions: [] });
      return id;
    }
    const message = this.messages.find(({ id }) => id === command.payload.messageId);
    if (!message || message.isDeleted) return undefined;
    const before = JSON.stringify(message);
    const { userId } = command.actor;
    if (command.kind === 'message.delete') {
      Object.assign(message, { text: '', isEdited: false, isDeleted: true, reactions: [] });
    } else if (command.kind === 'message.edit') {
      if (message.author !== userId || message.text === command.payload.text) return undefined;
      Object.assign(message, { text: command.payload.text, isEdited: true });
    } else {
      const { emoji, on } = command.payload;
      const reaction = `${emoji} ${userId}`;
      const others = message.reactions.filter((known) => known !== reaction);
      if (on && message.reactions.includes(reaction)) return undefined;
      message.reactions = on ? [...others, reaction] : others;
    }
    return JSON.stringify(message) === before ? undefined : message.id;
  }
}

/** Converts a stored message to the form of the model; reactions sorted. */
export function toModel(stored: StoredMessage): ModelMessage {
  const { id, userId: author, text, editedAt, deletedAt, reactions = [] } = stored;
  return {
    id,
    author,
    text,
    isEdited: editedAt !== undefined,
    isDeleted: deletedAt !== undefined,
    reactions: reactions
      .flatMap(({ emoji, userIds }) => userIds.map((userId) => `${emoji} ${userId}`))
      .sort(),
  };
}

/** Sequences of commands by several users on a few messages, some of which do not exist. */
export function commandSequences(): Arbitrary<Command[]> {
  const step = record({
    kind: constantFrom('create', 'edit', 'edit', 'delete', 'react', 'react'),
    user: constantFrom('ann', 'bob', 'eve'),
    target: nat(6),
    text: constantFrom('one', 'two', 'three'),
    emoji: constantFrom('👍', '🎉'),
    on: boolean(),
  });
  return array(step, { minLength: 1, maxLength: 60, size: 'max' }).map((steps) => {
    const ids = ['no such message'];
    return steps.map(({ kind, user, target, text, emoji, on }, index): Command => {
      const messageId = ids.at(-1 - (target % ids.length)) ?? '';
      if (kind === 'create') {
        const message = create(user, `${index}`, text);
        ids.push(message.id);
        return message;
      }
      if (kind === 'edit')
        return { ...edit(user, messageId, text), opId: `${index}`, acceptedAt: AT };
      if (kind === 'delete') return { ...remove(user, messageId), opId: `${index}` };
      return { ...react(user, messageId, emoji, on), opId: `${index}` };
    });
  });
}
