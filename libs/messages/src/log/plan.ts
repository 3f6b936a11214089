import type { MessageDelta, RoomHead } from '@chat/contracts';
import { isCreate, type Command } from '../commands/command.ts';
import type { MessageCommand } from '../commands/message-command.ts';
import type { LogEntry, MessageUpdate } from './log-entry.ts';
import type { RoomChange } from './room-change.ts';
import { stateAfter, withState } from './state-after.ts';
import type { StoredMessage } from './stored-message.ts';

/** An entry with its position in the log, and what the edges receive for it. */
export interface PlannedEntry {
  readonly entry: LogEntry;
  readonly change: RoomChange;
}

/**
 * Gives every command of a batch an entry with the next rev of its room, and every new message the
 * next seq. A command without effect takes a rev too: otherwise a redelivery could have an effect
 * later.
 *
 * @param heads of the rooms; a room without entries has none
 * @param messages the messages that the batch changes, by id, in their latest state
 */
export function plan(
  commands: readonly Command[],
  heads: ReadonlyMap<string, RoomHead>,
  messages: ReadonlyMap<string, StoredMessage>,
): PlannedEntry[] {
  const positions = new Map(heads);
  const states = new Map(messages);
  return commands.map((command) => {
    const { roomId } = command;
    const head = positions.get(roomId) ?? { roomId, seq: 0, rev: 0 };
    const rev = head.rev + 1;
    if (isCreate(command)) {
      const message = { ...command, seq: head.seq + 1, rev };
      positions.set(roomId, { roomId, seq: message.seq, rev });
      states.set(message.id, message);
      return { entry: message, change: { roomId, rev, message } };
    }
    positions.set(roomId, { ...head, rev });
    const target = states.get(command.payload.messageId);
    const planned = planUpdate(command, target?.roomId === roomId ? target : undefined, rev);
    const { message } = planned.change;
    if (message) states.set(message.id, message);
    return planned;
  });
}

function planUpdate(
  command: MessageCommand,
  target: StoredMessage | undefined,
  rev: number,
): PlannedEntry {
  const { opId: id, roomId, actor, acceptedAt: at, kind } = command;
  const entry: MessageUpdate = { id, roomId, rev, kind: 'none', actor: actor.userId, at };
  const state = target && stateAfter(command, target);
  if (!target || !state) return { entry, change: { roomId, rev } };
  const { id: messageId, rev: prevRev, text, editedAt, timestamp } = target;
  const replaced = { rev: prevRev, text, at: editedAt ?? timestamp };
  return {
    entry: {
      ...entry,
      kind,
      change: {
        messageId,
        prevRev,
        state,
        ...(kind === 'message.edit' && { replaced }),
      },
    },
    change: { roomId, rev, message: withState(target, state, rev), delta: deltaOf(command) },
  };
}

function deltaOf(command: MessageCommand): MessageDelta {
  const { acceptedAt, actor } = command;
  switch (command.kind) {
    case 'message.edit':
      return { kind: 'edited', text: command.payload.text, editedAt: acceptedAt };
    case 'message.delete':
      return { kind: 'deleted', deletedAt: acceptedAt };
    case 'reaction.set': {
      const { emoji, on } = command.payload;
      return { kind: 'reacted', emoji, userId: actor.userId, on };
    }
  }
}
