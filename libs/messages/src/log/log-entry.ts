import type { CommandKind } from '../commands/message-command.ts';
import type { MessageVersion } from '../message-store.ts';
import type { StoredMessage, StoredReaction } from './stored-message.ts';

/** Kinds of updates. `none`: a command without effect, which takes a rev all the same. */
export type UpdateKind = CommandKind | 'none';

/** What an update changes in a message: the complete new values. */
export interface MessageState {
  readonly text: string;
  readonly editedAt?: string;
  readonly deletedAt?: string;
  readonly reactions?: readonly StoredReaction[];
}

/** The state that an update gives to one message. */
export interface StateChange {
  readonly messageId: string;
  /** Rev of the message before the update: the update applies to no other state. */
  readonly prevRev: number;
  readonly state: MessageState;
  /** For an edit: the text that it replaces. */
  readonly replaced?: MessageVersion;
}

/** An entry of the log that changes at most one message. */
export interface MessageUpdate {
  /** Id of its command. */
  readonly id: string;
  readonly roomId: string;
  readonly rev: number;
  readonly kind: UpdateKind;
  /** Id of the user. */
  readonly actor: string;
  /** When the command was accepted; ISO 8601, UTC. */
  readonly at: string;
  /** Absent exactly for `none`. */
  readonly change?: StateChange;
}

/** An entry of a room's log. The entry that creates a message is the message itself. */
export type LogEntry = StoredMessage | MessageUpdate;

export function isUpdate(entry: LogEntry): entry is MessageUpdate {
  return 'kind' in entry;
}
