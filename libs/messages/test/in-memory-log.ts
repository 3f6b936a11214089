import type { RoomHead } from '@chat/contracts';
import { isUpdate, type LogEntry, type MessageUpdate } from '../src/log/log-entry.ts';
import { withState } from '../src/log/state-after.ts';
import type { StoredMessage } from '../src/log/stored-message.ts';
import {
  ConflictingWriterError,
  MessageStore,
  RejectedMessageError,
  type MessageVersion,
} from '../src/message-store.ts';

/** A new message with this text is rejected. */
export const UNSTORABLE = 'can never be stored';

/**
 * A fake store of one room that stores entries and applies updates in two steps, as MongoDB does:
 * a crash between them leaves updates that only `applyPending` applies.
 */
export class InMemoryLog extends MessageStore {
  readonly entries: LogEntry[] = [];
  readonly messages = new Map<string, StoredMessage>();
  readonly replaced = new Map<string, MessageVersion[]>();
  /** Names of the methods that were called, in order. */
  readonly calls: string[] = [];
  /** Whether appended updates are stored but not applied, as after a crash. */
  crashesBeforeApplying = false;
  /** How much of a batch with an unstorable message is rejected. */
  rejectsBatch: 'as a whole' | 'from that message on' = 'from that message on';
  readonly #pending: MessageUpdate[] = [];

  append(entries: readonly LogEntry[]): Promise<void> {
    this.calls.push('append');
    const isUnstorable = (entry: LogEntry) => !isUpdate(entry) && entry.text === UNSTORABLE;
    if (this.rejectsBatch === 'as a whole' && entries.some(isUnstorable)) {
      return Promise.reject(new RejectedMessageError('a rule'));
    }
    for (const entry of entries) {
      const stored = this.entries.find(({ id, rev }) => id === entry.id || rev === entry.rev);
      if (stored && (stored.id !== entry.id || stored.rev !== entry.rev)) {
        return Promise.reject(new ConflictingWriterError());
      }
      if (isUnstorable(entry)) return Promise.reject(new RejectedMessageError('a rule'));
      if (stored) continue;
      this.entries.push(entry);
      if (isUpdate(entry)) this.#pending.push(entry);
      else this.messages.set(entry.id, entry);
    }
    if (this.crashesBeforeApplying) return Promise.reject(new Error('crashed'));
    this.#apply();
    return Promise.resolve();
  }

  applyPending(): Promise<void> {
    this.calls.push('applyPending');
    this.#apply();
    return Promise.resolve();
  }

  findByIds(ids: readonly string[]): Promise<Map<string, LogEntry>> {
    this.calls.push('findByIds');
    const found = this.entries.filter(({ id }) => ids.includes(id));
    return Promise.resolve(new Map(found.map((entry) => [entry.id, this.#latest(entry)])));
  }

  heads(roomIds: readonly string[]): Promise<Map<string, RoomHead>> {
    this.calls.push('heads');
    const rev = this.entries.length;
    const head = { seq: this.messages.size, rev };
    return Promise.resolve(new Map(roomIds.map((roomId) => [roomId, { roomId, ...head }])));
  }

  find(roomId: string, messageId: string): Promise<StoredMessage | undefined> {
    const message = this.messages.get(messageId);
    return Promise.resolve(message?.roomId === roomId ? message : undefined);
  }

  versions(_roomId: string, messageId: string): Promise<MessageVersion[]> {
    return Promise.resolve(this.replaced.get(messageId) ?? []);
  }

  newerRevs(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  lastMessages(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  page(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }
  changes(): Promise<never> {
    return Promise.reject(new Error('not needed by the writer'));
  }

  #latest(entry: LogEntry): LogEntry {
    return this.messages.get(entry.id) ?? entry;
  }

  #apply(): void {
    for (const { rev, change } of this.#pending.splice(0)) {
      const message = change && this.messages.get(change.messageId);
      if (message?.rev !== change?.prevRev || !message) continue;
      this.messages.set(message.id, withState(message, change.state, rev));
      const versions = this.replaced.get(message.id) ?? [];
      if (change.replaced) this.replaced.set(message.id, [...versions, change.replaced]);
    }
  }
}
