import type { ErrorCode, Message, Role } from '@chat/contracts';
import type { RoomCommand } from './room-commands.ts';

/** A message in the simplest form. */
export interface ModelMessage {
  readonly id: string;
  readonly author: string;
  text: string;
  /** The texts before each edit. */
  versions: string[];
  isEdited: boolean;
  isDeleted: boolean;
  /** User ids by emoji, earliest first. */
  reactions: Map<string, string[]>;
}

/** A user with the role in the room; `role` is undefined for a non-member. */
export interface ModelUser {
  readonly id: string;
  readonly role: Role | undefined;
}

/** Reference model of a room: the state that it must have after a sequence of commands. */
export class RoomModel {
  readonly messages: ModelMessage[] = [];
  /** The id in the acknowledgement of each send, by command key; undefined for other commands. */
  readonly #acknowledged = new Map<string, string | undefined>();

  /** The rev of the room: each acknowledged command takes one; its retries take none. */
  get rev(): number {
    return this.#acknowledged.size;
  }

  /** Returns the code with which the command must be refused; undefined if it must be accepted. */
  refusalOf({ id, role }: ModelUser, command: RoomCommand): ErrorCode | undefined {
    if (!role) return 'NOT_FOUND';
    if (command.event === 'sendMessage') return undefined;
    const message = this.#target(command);
    if (!message) return 'NOT_FOUND';
    const own = message.author === id;
    switch (command.event) {
      case 'deleteMessage':
        return own || role !== 'member' ? undefined : 'FORBIDDEN';
      case 'editMessage':
        if (message.isDeleted) return 'NOT_FOUND';
        return own ? undefined : 'FORBIDDEN';
      case 'react':
        return message.isDeleted ? 'NOT_FOUND' : undefined;
    }
  }

  /**
   * Applies an acknowledged command, unless it is a retry.
   *
   * @param sentId the id in the acknowledgement of a send
   * @throws Error if a retry of a send was acknowledged with another id
   */
  acknowledge({ id: author }: ModelUser, command: RoomCommand, sentId: string | undefined): void {
    const key = commandKey(author, command);
    if (this.#acknowledged.has(key)) {
      const first = this.#acknowledged.get(key);
      if (first !== sentId) throw new Error(`a retry of ${first} was acknowledged as ${sentId}`);
      return;
    }
    this.#acknowledged.set(key, sentId);
    if (command.event === 'sendMessage') {
      const { text } = command.payload;
      const id = String(sentId);
      const unchanged = { versions: [], isEdited: false, isDeleted: false };
      this.messages.push({ id, author, text, ...unchanged, reactions: new Map() });
      return;
    }
    const message = this.#target(command);
    if (message && !message.isDeleted) change(message, author, command);
  }

  #target({ payload }: Exclude<RoomCommand, { event: 'sendMessage' }>): ModelMessage | undefined {
    return this.messages.find(({ id }) => id === payload.messageId);
  }
}

function change(
  message: ModelMessage,
  userId: string,
  { event, payload }: Exclude<RoomCommand, { event: 'sendMessage' }>,
): void {
  switch (event) {
    case 'deleteMessage':
      Object.assign(message, { text: '', versions: [], isEdited: false });
      Object.assign(message, { isDeleted: true, reactions: new Map() });
      return;
    case 'editMessage':
      if (payload.text === message.text) return;
      message.versions.push(message.text);
      message.text = payload.text;
      message.isEdited = true;
      return;
    case 'react': {
      const { emoji, on } = payload;
      const users = message.reactions.get(emoji) ?? [];
      if (users.includes(userId) === on) return;
      const after = on ? [...users, userId] : users.filter((id) => id !== userId);
      if (after.length > 0) message.reactions.set(emoji, after);
      else message.reactions.delete(emoji);
    }
  }
}

/** Returns what identifies a command: the same for every retry, different for other content. */
export function commandKey(userId: string, { event, payload }: RoomCommand): string {
  return JSON.stringify([userId, event, payload]);
}

/** Converts a message and its versions to the form of the model. */
export function toModel(message: Message, versions: readonly string[]): ModelMessage {
  const { id, userId: author, text, editedAt, deletedAt, reactions = [] } = message;
  return {
    id,
    author,
    text,
    versions: [...versions],
    isEdited: editedAt !== undefined,
    isDeleted: deletedAt !== undefined,
    reactions: new Map(reactions.map(({ emoji, userIds }) => [emoji, userIds])),
  };
}
