import type { RoomHead } from '@chat/contracts';
import {
  plan,
  type RoomChange,
  type RoomRev,
  type StoredChanges,
  type StoredMessage,
} from '@chat/messages';
import type { Command, MessageCommand } from '@chat/messages/commands';
import { RoomDirectory } from '../src/room-directory.ts';

const ROOM = 'general';
const AT = '2026-01-01T00:00:00.000Z';

/** A room as its writer plans it, and as the store returns it. */
export class RoomLog extends RoomDirectory {
  /** The change at each rev, beginning with rev 1. */
  readonly changesByRev: RoomChange[] = [];
  /**
   * Heads that the next reads of changes find; the store is ahead of them. A head is never older
   * than that of an earlier read.
   */
  readonly staleHeads: number[] = [];
  #lastHead = 0;
  /** Maximum number of revs that a read of changes covers. */
  pageSize = Infinity;
  /** Called before each read of changes; may throw. */
  beforeRead: () => void = () => undefined;
  reads = 0;

  /** Stores a new message and returns its change. */
  create(text: string): RoomChange {
    const id = `message-${this.changesByRev.length + 1}`;
    return this.#write({
      id,
      roomId: ROOM,
      userId: 'ann',
      username: 'ann',
      text,
      clientMessageId: id,
      timestamp: AT,
    });
  }

  edit(messageId: string, text: string): RoomChange {
    return this.#command('ann', { kind: 'message.edit', payload: { messageId, text } });
  }

  remove(messageId: string): RoomChange {
    return this.#command('ann', { kind: 'message.delete', payload: { messageId } });
  }

  react(userId: string, messageId: string, on = true): RoomChange {
    const payload = { messageId, emoji: '👍', on };
    return this.#command(userId, { kind: 'reaction.set', payload });
  }

  /** The messages after the change `rev`, by id, in the order of their creation. */
  messagesAt(rev: number): Map<string, StoredMessage> {
    const messages = new Map<string, StoredMessage>();
    for (const { message } of this.changesByRev.slice(0, rev)) {
      if (message) messages.set(message.id, message);
    }
    return messages;
  }

  get rev(): number {
    return this.changesByRev.length;
  }

  override head(): Promise<RoomHead> {
    return Promise.resolve(this.headAt(this.rev));
  }

  headAt(rev: number): RoomHead {
    return { roomId: ROOM, seq: this.messagesAt(rev).size, rev };
  }

  override async changes(_roomId: string, since: number, limit: number): Promise<StoredChanges> {
    this.reads += 1;
    await new Promise(setImmediate);
    this.beforeRead();
    const headRev = Math.max(this.#lastHead, this.staleHeads.shift() ?? this.rev);
    this.#lastHead = headRev;
    const rev = Math.max(since, Math.min(since + Math.min(limit, this.pageSize), headRev));
    const latest = this.messagesAt(this.rev);
    const found = new Map<string, StoredMessage>();
    for (const change of this.changesByRev.slice(since, rev)) {
      const message = change.message && latest.get(change.message.id);
      if (!message || (message.rev !== change.rev && message.rev <= headRev)) continue;
      found.set(message.id, message);
    }
    const changes = [...found.values()].sort((a, b) => a.rev - b.rev);
    return { rev, complete: rev === headRev, changes };
  }

  override join(): Promise<never> {
    return Promise.reject(new Error('not needed by a stream'));
  }
  override rolesOf(): Promise<[]> {
    return Promise.resolve([]);
  }
  override positionsOf(): Promise<never> {
    return Promise.reject(new Error('not needed by a stream'));
  }
  override newerRevs(): Promise<RoomRev[]> {
    return Promise.reject(new Error('not needed by a stream'));
  }

  #command(userId: string, content: Pick<MessageCommand, 'kind' | 'payload'>): RoomChange {
    const id = `command-${this.rev + 1}`;
    return this.#write({
      v: 1,
      opId: id,
      roomId: ROOM,
      actor: { userId, username: userId },
      clientMessageId: id,
      acceptedAt: AT,
      ...content,
    } as MessageCommand);
  }

  #write(command: Command): RoomChange {
    const heads = new Map([[ROOM, this.headAt(this.rev)]]);
    const [planned] = plan([command], heads, this.messagesAt(this.rev));
    if (!planned) throw new Error('nothing was planned');
    this.changesByRev.push(planned.change);
    return planned.change;
  }
  requireAllowed(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
  moveReadPosition(): Promise<never> {
    return Promise.reject(new Error('not needed here'));
  }
}
