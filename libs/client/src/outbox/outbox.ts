import type { Message } from '@chat/contracts';
import { ChatError } from '../chat-error.ts';
import type { Connection } from '../connection/connection.ts';
import { onOnlineChange } from '../connection/online-changes.ts';
import { Emitter, type Unsubscribe } from '../emitter.ts';
import { type Observable, ObservableState } from '../observable.ts';
import type { Session } from '../session/session.ts';
import { onUserChange } from '../session/user-changes.ts';
import { newClientMessageId } from './client-message-id.ts';
import { hasOriginalText, normalizeText } from './message-text.ts';
import type { ChangeKind, Command, CommandKind } from './outbox-command.ts';
import {
  isChange,
  isMessage,
  type OutboxChange,
  type OutboxEntry,
  type OutboxEvents,
  type OutboxMessage,
  type OutboxState,
} from './outbox-entry.ts';
import type { OutboxStorage } from './outbox-storage.ts';
import { UserOutbox } from './user-outbox.ts';

const MAX_UNSENT_PER_ROOM = 1_000;

/**
 * Retains the user's messages, edits, deletions and reactions until the server has stored them,
 * across disconnects and reloads.
 */
export class Outbox implements Observable<OutboxState> {
  readonly #connection: Connection;
  readonly #createStorage: (userId: string) => OutboxStorage;
  readonly #observable = new ObservableState<OutboxState>(() => this.#computeSnapshot());
  readonly #events = new Emitter<OutboxEvents>();
  /** Number of open {@link retainSent} calls by room id. */
  readonly #retainedRooms = new Map<string, number>();
  readonly #stopListening: Unsubscribe[];
  /** The outbox of the signed-in user. */
  #current: UserOutbox | undefined;

  constructor(
    session: Session,
    connection: Connection,
    createStorage: (userId: string) => OutboxStorage,
  ) {
    this.#connection = connection;
    this.#createStorage = createStorage;
    this.#stopListening = [
      onUserChange(session, (userId) => this.#followUser(userId)),
      // Also sends entries that another tab has left in the storage.
      onOnlineChange(connection, (online) => {
        if (online) void this.#current?.load();
      }),
    ];
    this.#followUser(session.user?.id);
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): OutboxState => this.#observable.getSnapshot();

  on<E extends keyof OutboxEvents>(
    event: E,
    listener: (payload: OutboxEvents[E]) => void,
  ): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /**
   * Queues a message and returns its entry immediately. Messages to a room are delivered in order,
   * once each, as soon as there is a connection.
   * @throws ChatError OUTBOX_FULL (1,000 unsent entries in the room), VALIDATION (empty or too
   *   long), UNAUTHORIZED when signed out
   */
  send(roomId: string, text: string): OutboxMessage {
    return this.#queue<'sendMessage'>(roomId, {
      kind: 'sendMessage',
      payload: { text: normalizeText(text) },
    });
  }

  /**
   * Queues a change of a message and returns its entry immediately. Changes in a room are made in
   * order, once each, as soon as there is a connection. A reaction replaces an unsent one with the
   * same emoji. When the server rejects a change, `rejected` is emitted.
   * @throws ChatError like {@link send}
   */
  change(roomId: string, change: Command<ChangeKind>): OutboxChange {
    if (change.kind !== 'editMessage') return this.#queue<ChangeKind>(roomId, change);
    const text = normalizeText(change.payload.text);
    return this.#queue<ChangeKind>(roomId, { ...change, payload: { ...change.payload, text } });
  }

  /** Requeues a failed entry after the waiting entries of its room. */
  retry(clientMessageId: string): void {
    this.#current?.retry(clientMessageId);
  }

  /** Removes an entry. An entry that is being sent may still be delivered. */
  discard(clientMessageId: string): void {
    void this.#current?.discard(clientMessageId);
  }

  /**
   * Removes the entry of the user's message that was received in its room. The `clientMessageId`
   * alone does not identify it, unless the message has been edited or deleted since: another client
   * of the user may have used it for a different text.
   */
  removeReceived(message: Message): void {
    const { roomId, clientMessageId = '', text } = message;
    const entry = this.#current?.queue.find(clientMessageId)?.entry;
    if (entry?.roomId !== roomId || !isMessage(entry)) return;
    if (entry.payload.text === text || !hasOriginalText(message)) this.discard(clientMessageId);
  }

  /** Removes the room's acknowledged changes that its messages include. */
  removeReceivedChanges(roomId: string, isReceived: (change: OutboxChange) => boolean): void {
    for (const entry of this.getSnapshot().entries) {
      if (entry.roomId !== roomId || entry.state !== 'sent' || !isChange(entry)) continue;
      if (isReceived(entry)) this.discard(entry.clientMessageId);
    }
  }

  /**
   * Retains the sent entries of a displayed room until they are received, so that nothing reverts
   * in between; changes for at most 10 s. Ends when the returned function is called.
   */
  retainSent(roomId: string): Unsubscribe {
    this.#retainedRooms.set(roomId, (this.#retainedRooms.get(roomId) ?? 0) + 1);
    return () => {
      const left = (this.#retainedRooms.get(roomId) ?? 1) - 1;
      if (left > 0) {
        this.#retainedRooms.set(roomId, left);
        return;
      }
      this.#retainedRooms.delete(roomId);
      this.#current?.queue.removeSent(roomId);
    };
  }

  /** Expires the room's sent entries: after a reset its window may not include their messages. */
  expireSent(roomId: string): void {
    this.#current?.queue.expireSent(roomId);
  }

  /** Stops sending. Unsent entries stay in the storage. */
  close(): void {
    for (const stop of this.#stopListening) stop();
    this.#current?.end();
    this.#current = undefined;
    this.#events.clear();
  }

  #queue<K extends CommandKind>(roomId: string, command: Command<K>): OutboxEntry<K> {
    const outbox = this.#current;
    if (!outbox) throw new ChatError('UNAUTHORIZED', 'You’re signed out. Sign in to continue.');
    const unsent = outbox.queue.entries.filter(
      (entry) => entry.roomId === roomId && entry.state !== 'sent',
    );
    if (unsent.length >= MAX_UNSENT_PER_ROOM) {
      throw new ChatError(
        'OUTBOX_FULL',
        'Too many unsent messages and changes in this room. Try again when some are sent.',
      );
    }

    const entry: OutboxEntry<K> = {
      ...command,
      clientMessageId: newClientMessageId(),
      roomId,
      createdAt: new Date().toISOString(),
      state: 'waiting',
      persisted: false,
    };
    outbox.send(entry as OutboxEntry);
    return entry;
  }

  #followUser(userId: string | undefined): void {
    this.#current?.end();
    this.#current =
      userId === undefined
        ? undefined
        : new UserOutbox({
            userId,
            storage: this.#createStorage(userId),
            connection: this.#connection,
            isRetained: (roomId) => this.#retainedRooms.has(roomId),
            onChange: () => this.#observable.invalidate(),
            onRejected: (change, error) => this.#events.emit('rejected', { change, error }),
          });
    this.#observable.invalidate();
  }

  #computeSnapshot(): OutboxState {
    return {
      entries: this.#current?.queue.entries ?? [],
      durable: this.#current?.durable ?? true,
    };
  }
}
