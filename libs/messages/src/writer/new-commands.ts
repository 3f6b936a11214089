import { isUpdate, type LogEntry } from '../log/log-entry.ts';
import { isCreate, type Command } from '../commands/command.ts';
import type { PendingWrite } from './pending-write.ts';

/** A command that is not stored yet, with the writes that wait for it: the first and retries. */
export interface NewCommand {
  readonly command: Command;
  readonly writes: readonly PendingWrite[];
}

/** A batch of writes, split into stored and new commands. */
export interface DeduplicatedBatch {
  /** Writes whose command is already stored, with its entry. */
  readonly duplicates: readonly (readonly [PendingWrite, LogEntry])[];
  /** New commands in the order of their first writes. */
  readonly fresh: readonly NewCommand[];
}

/**
 * Splits a batch of writes into duplicates of stored commands and new commands.
 *
 * Sender, room, `clientMessageId` and text together identify a message. An event from an earlier
 * version carries the legacy id, which was acknowledged: its message keeps that id unless a message
 * with a different text has it, because earlier versions gave the same id to all texts with one
 * `clientMessageId`.
 *
 * @param stored every stored entry that has one of the ids of the writes, by id
 * @param originalTexts texts before the first edit, by the id of the message
 */
export function deduplicate(
  batch: readonly PendingWrite[],
  stored: ReadonlyMap<string, LogEntry>,
  originalTexts: ReadonlyMap<string, string> = new Map(),
): DeduplicatedBatch {
  const duplicates: [PendingWrite, LogEntry][] = [];
  const fresh = new Map<string, { command: Command; writes: PendingWrite[] }>();
  const usedIds = new Set(stored.keys());
  for (const write of batch) {
    const known = storedEntryOf(write, stored, originalTexts);
    const first = fresh.get(write.ids.current);
    if (known) duplicates.push([write, known]);
    else if (first) first.writes.push(write);
    else {
      const command = withUnusedId(write, usedIds);
      if (isCreate(command)) usedIds.add(command.id);
      fresh.set(write.ids.current, { command, writes: [write] });
    }
  }
  return { duplicates, fresh: [...fresh.values()] };
}

function storedEntryOf(
  { command, ids }: PendingWrite,
  stored: ReadonlyMap<string, LogEntry>,
  originalTexts: ReadonlyMap<string, string>,
): LogEntry | undefined {
  const current = stored.get(ids.current);
  if (current || ids.legacy === undefined || !isCreate(command)) return current;
  const legacy = stored.get(ids.legacy);
  if (!legacy || isUpdate(legacy)) return undefined;
  // The text of a deleted message is gone: the event is taken for a retry.
  if (legacy.deletedAt !== undefined) return legacy;
  return (originalTexts.get(legacy.id) ?? legacy.text) === command.text ? legacy : undefined;
}

function withUnusedId({ command, ids }: PendingWrite, usedIds: ReadonlySet<string>): Command {
  if (!isCreate(command)) return command;
  const { current, legacy } = ids;
  const keepsLegacy = legacy !== undefined && command.id === legacy && !usedIds.has(legacy);
  return { ...command, id: keepsLegacy ? legacy : current };
}
