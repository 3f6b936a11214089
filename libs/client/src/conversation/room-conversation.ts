import type { Message, Role } from '@chat/contracts';
import { ChatError } from '../chat-error.ts';
import type { Connection } from '../connection/connection.ts';
import { Emitter, type Unsubscribe } from '../emitter.ts';
import { type Observable, ObservableState } from '../observable.ts';
import {
  isChange,
  isMessage,
  type OutboxChange,
  type OutboxMessage,
} from '../outbox/outbox-entry.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { HistoryPage, RestClient } from '../rest/rest-client.ts';
import type { Session } from '../session/session.ts';
import { addOlderPage } from '../sync/older-page.ts';
import { RoomSync } from '../sync/room-sync.ts';
import { includesChange, withPendingChanges } from '../timeline/pending-changes.ts';
import type { AppliedChange, Timeline } from '../timeline/timeline.ts';
import type { RoomEvents, RoomState } from './room-state.ts';

/** Dependencies of a conversation. */
export interface RoomContext {
  session: Session;
  connection: Connection;
  rest: RestClient;
  outbox: Outbox;
}

/** One room, with a window of its messages that stays gapless across disconnects. */
export class RoomConversation implements Observable<RoomState> {
  readonly roomId: string;
  readonly #session: Session;
  readonly #rest: RestClient;
  readonly #outbox: Outbox;
  readonly #sync: RoomSync;
  readonly #events = new Emitter<RoomEvents>();
  readonly #observable = new ObservableState<RoomState>(() => this.#computeSnapshot());
  readonly #stopListening: Unsubscribe[];

  /** Set between `open()` and `close()`; resolves with the first page. */
  #opening: PromiseWithResolvers<void> | undefined;
  #stopRetaining: Unsubscribe | undefined;
  #disposed = false;
  #loadingOlder: Promise<void> | undefined;
  #resets = 0;
  #editWindowMs = Infinity;
  #role: Role | undefined;
  #removalError: ChatError | undefined;

  constructor(roomId: string, { session, connection, rest, outbox }: RoomContext) {
    this.roomId = roomId;
    this.#session = session;
    this.#rest = rest;
    this.#outbox = outbox;
    this.#sync = new RoomSync(
      roomId,
      { connection, rest, ownUserId: () => session.user?.id },
      {
        changed: () => this.#observable.invalidate(),
        joined: (role) => (this.#role = role),
        loaded: (page, replaced) => this.#handleLoaded(page, replaced),
        applied: (changes) => this.#handleApplied(changes),
        rejected: (error) => this.#endAsRemoved(error),
      },
    );
    this.#stopListening = [
      connection.on('roomRemoved', (removed) => {
        if (removed.roomId === roomId) this.#endAsRemoved(noLongerMemberError());
      }),
      connection.on('memberChanged', (change) => {
        if (change.roomId === roomId && change.userId === session.user?.id && change.role) {
          this.#role = change.role;
          this.#observable.invalidate();
        }
      }),
      outbox.subscribe(() => {
        this.#removeReceivedChanges();
        this.#observable.invalidate();
      }),
    ];
  }

  readonly subscribe = (listener: () => void): Unsubscribe => this.#observable.subscribe(listener);

  readonly getSnapshot = (): RoomState => this.#observable.getSnapshot();

  on<E extends keyof RoomEvents>(
    event: E,
    listener: (payload: RoomEvents[E]) => void,
  ): Unsubscribe {
    return this.#events.on(event, listener);
  }

  /**
   * Joins the room and loads its newest messages; the window then follows the room, including
   * across reconnects, until `close()`. Joining a public room makes the user a member. Resolves
   * when the first page is loaded, however long the server is unreachable; idempotent.
   * @throws ChatError NOT_FOUND, FORBIDDEN, VALIDATION, or CLOSED when closed in the meantime
   */
  open(): Promise<void> {
    if (this.#disposed) return Promise.reject(closedError());
    if (!this.#opening) {
      this.#opening = Promise.withResolvers<void>();
      // Callers may ignore the promise: the snapshot also has the error.
      this.#opening.promise.catch(() => undefined);
      this.#stopRetaining = this.#outbox.retainSent(this.roomId);
      this.#removalError = undefined;
      if (this.#sync.timeline) this.#opening.resolve();
      this.#observable.invalidate();
      this.#sync.start();
    }
    return this.#opening.promise;
  }

  /** Stops following the room. The window is retained, and the next `open()` updates it. */
  close(): void {
    if (!this.#opening) return;
    this.#sync.leave();
    this.#endOpening(closedError());
    this.#observable.invalidate();
  }

  /** Loads the page before the first message, if any. @throws ChatError like `rest.history` */
  loadOlder(): Promise<void> {
    const { timeline } = this.#sync;
    if (!timeline?.hasOlder) return Promise.resolve();
    if (!this.#loadingOlder) {
      this.#loadingOlder = this.#loadPageBefore(timeline).finally(() => {
        this.#loadingOlder = undefined;
        this.#observable.invalidate();
      });
      this.#observable.invalidate();
    }
    return this.#loadingOlder;
  }

  /** Same as `outbox.send(roomId, text)`. */
  send(text: string): OutboxMessage {
    return this.#outbox.send(this.roomId, text);
  }

  /**
   * Changes the text of a message of the user. It is shown immediately and made as soon as there is
   * a connection; when the server rejects it, `messages` shows the state before, and the outbox
   * emits `rejected`.
   * @throws ChatError like `outbox.change`
   */
  editMessage(messageId: string, text: string): OutboxChange {
    return this.#outbox.change(this.roomId, { kind: 'editMessage', payload: { messageId, text } });
  }

  /** Deletes a message, of any user as owner or moderator; otherwise like {@link editMessage}. */
  deleteMessage(messageId: string): OutboxChange {
    return this.#outbox.change(this.roomId, { kind: 'deleteMessage', payload: { messageId } });
  }

  /** Sets (`on`) or removes a reaction of the user; otherwise like {@link editMessage}. */
  react(messageId: string, emoji: string, on: boolean): OutboxChange {
    return this.#outbox.change(this.roomId, { kind: 'react', payload: { messageId, emoji, on } });
  }

  /** Closes permanently and removes all listeners. */
  dispose(): void {
    this.close();
    this.#disposed = true;
    this.#sync.dispose();
    for (const stop of this.#stopListening) stop();
    this.#events.clear();
  }

  #handleLoaded({ messages, editWindowMs }: HistoryPage, replaced: boolean): void {
    this.#editWindowMs = editWindowMs;
    this.#removeFromOutbox(messages);
    this.#removeReceivedChanges();
    if (replaced) {
      this.#resets += 1;
      this.#outbox.expireSent(this.roomId);
    }
    this.#opening?.resolve();
    this.#observable.invalidate();
    if (replaced) this.#events.emit('reset', { roomId: this.roomId });
  }

  #handleApplied(changes: readonly AppliedChange[]): void {
    this.#removeFromOutbox(changes.map(({ message }) => message));
    this.#removeReceivedChanges();
    this.#observable.invalidate();
    for (const { message, isNew } of changes) {
      this.#events.emit(isNew ? 'message' : 'changed', message);
    }
  }

  async #loadPageBefore(timeline: Timeline): Promise<void> {
    const messages = await addOlderPage(this.roomId, this.#rest, timeline);
    if (timeline === this.#sync.timeline) this.#removeFromOutbox(messages);
  }

  #removeFromOutbox(messages: readonly Message[]): void {
    for (const message of messages) {
      if (this.#isOwn(message)) this.#outbox.removeReceived(message);
    }
  }

  #removeReceivedChanges(): void {
    this.#outbox.removeReceivedChanges(this.roomId, (change) => {
      const message = this.#sync.timeline?.find(change.payload.messageId);
      return message !== undefined && includesChange(message, change);
    });
  }

  #isOwn(message: Message): boolean {
    return message.userId === this.#session.user?.id;
  }

  #endAsRemoved(error: ChatError): void {
    this.#removalError = error;
    this.#sync.drop();
    this.#endOpening(error);
    this.#observable.invalidate();
    this.#events.emit('removed', { roomId: this.roomId, error });
  }

  #endOpening(reason: ChatError): void {
    this.#opening?.reject(reason);
    this.#opening = undefined;
    this.#stopRetaining?.();
    this.#stopRetaining = undefined;
  }

  #computeSnapshot(): RoomState {
    const { timeline, live } = this.#sync;
    const entries = this.#outbox
      .getSnapshot()
      .entries.filter(({ roomId }) => roomId === this.roomId);
    const sends = entries.filter(isMessage);
    const changes = entries.filter(isChange);
    const ownUserId = this.#session.user?.id;
    return {
      roomId: this.roomId,
      status: this.#status(),
      live,
      messages: withPendingChanges(timeline?.messages ?? [], changes, ownUserId),
      pending: timeline?.pending(sends) ?? sends,
      changes,
      hasOlder: timeline?.hasOlder ?? false,
      loadingOlder: this.#loadingOlder !== undefined,
      rev: timeline?.rev ?? 0,
      resets: this.#resets,
      editWindowMs: this.#editWindowMs,
      ...(this.#role && { role: this.#role }),
      ...(this.#removalError && { error: this.#removalError }),
    };
  }

  #status(): RoomState['status'] {
    if (this.#removalError) return 'removed';
    if (!this.#opening) return 'closed';
    return this.#sync.timeline ? 'open' : 'opening';
  }
}

function closedError(): ChatError {
  return new ChatError('CLOSED', 'The room was closed.');
}

function noLongerMemberError(): ChatError {
  return new ChatError('NOT_FOUND', 'You’re no longer a member of this room.');
}
