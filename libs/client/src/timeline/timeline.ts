import type { Message } from '@chat/contracts';
import { hasOriginalText } from '../outbox/message-text.ts';
import { KnownSeqs } from './known-seqs.ts';
import { updated, type MessageUpdate } from './message-update.ts';
import { MessageWindow } from './message-window.ts';

/** What identifies a message of the user in its room. */
type Send = Pick<Message, 'clientMessageId' | 'text'>;

/** A message in the outbox. */
interface OwnSend {
  readonly clientMessageId: string;
  readonly payload: { readonly text: string };
}

/** The newest page of a room, oldest first; empty for a room without messages. */
interface NewestPage {
  readonly messages: readonly Message[];
  /** The last message that is not reported as new. */
  readonly seq: number;
  /** The last change that the page is known to include. */
  readonly rev: number;
}

/** A message after a change that was applied. */
export interface AppliedChange {
  readonly message: Message;
  /** Whether the message is new in the room, which is reported once. */
  readonly isNew: boolean;
}

/** Updates that are retained for an older page of messages until `stop()`. */
export interface RetainedUpdates {
  /** Rev after which every update is in `updates`. */
  readonly since: number;
  readonly updates: readonly MessageUpdate[];
  stop: () => void;
}

/**
 * Messages of one room as displayed: a window that ends with the newest message, and below it the
 * user's own messages that are not in the window yet. Performs no I/O: changes from any source are
 * applied in the order of `rev`.
 */
export class Timeline {
  readonly #window: MessageWindow;
  readonly #ownUserId: string | undefined;
  readonly #known: KnownSeqs;
  /** Keys of own messages in the window; see `sendKey`. */
  readonly #ownSends = new Set<string>();
  readonly #retained = new Set<MessageUpdate[]>();
  #rev: number;

  constructor({ messages, seq, rev }: NewestPage, ownUserId: string | undefined) {
    this.#window = new MessageWindow(messages);
    this.#known = new KnownSeqs(seq);
    this.#rev = rev;
    this.#ownUserId = ownUserId;
    for (const message of messages) this.#recordOwnSend(message);
  }

  /** Messages contiguous by `seq`, oldest first. The same array until the next change. */
  get messages(): readonly Message[] {
    return this.#window.messages;
  }

  /** Rev of the last change that `messages` includes. */
  get rev(): number {
    return this.#rev;
  }

  /** `seq` of the first message; 1 for a room without messages. */
  get firstSeq(): number {
    return this.#window.firstSeq;
  }

  /** Whether there are older messages than the first of `messages`. */
  get hasOlder(): boolean {
    return this.#window.hasOlder;
  }

  /** Whether messages are withheld because one before them is missing. */
  get incomplete(): boolean {
    return this.#window.incomplete;
  }

  /** Returns a message of the window. */
  find(id: string): Message | undefined {
    return this.#window.find(id);
  }

  /**
   * Applies every update after `rev` up to `coveredRev`; older ones among `updates` are ignored.
   * Returns the messages that changed, except those outside of the window whose state is unknown.
   */
  apply(updates: readonly MessageUpdate[], coveredRev: number): AppliedChange[] {
    const fresh = updates.filter(({ rev }) => rev > this.#rev);
    this.#rev = coveredRev;
    for (const retained of this.#retained) retained.push(...fresh);
    return fresh.flatMap((update) => this.#applyOne(update) ?? []);
  }

  /** Retains the updates that are applied from now on, for a page that is read meanwhile. */
  retainUpdates(): RetainedUpdates {
    const updates: MessageUpdate[] = [];
    this.#retained.add(updates);
    return { since: this.#rev, updates, stop: () => this.#retained.delete(updates) };
  }

  /**
   * Adds an older page; ignored unless it ends right before the first message.
   *
   * @param updates all updates after the rev of the page, in the order of `rev`; those of other
   *   messages are ignored
   */
  prepend(page: readonly Message[], updates: readonly MessageUpdate[]): void {
    const states = new Map(page.map((message) => [message.id, message]));
    for (const update of updates) {
      const state = states.get(update.messageId);
      if (state) states.set(state.id, updated(state, update, this.#ownUserId));
    }
    this.#window.prepend([...states.values()]);
    for (const message of states.values()) this.#recordOwnSend(message);
  }

  /** Returns the entries whose messages are not in the window. */
  pending<Entry extends OwnSend>(entries: readonly Entry[]): Entry[] {
    return entries.filter(
      ({ clientMessageId, payload: { text } }) =>
        !this.#ownSends.has(clientMessageId) &&
        !this.#ownSends.has(sendKey({ clientMessageId, text })),
    );
  }

  #applyOne(update: MessageUpdate): AppliedChange | undefined {
    const { change } = update;
    const existing = this.#window.find(update.messageId);
    const state = change.kind === 'state' ? change.message : undefined;
    const message = existing ? updated(existing, update, this.#ownUserId) : state;
    if (!message) return undefined;
    const isNew = this.#known.add(message.seq);
    // Included in a state that was read before, for example in the first page.
    if (message === existing) return isNew ? { message, isNew } : undefined;
    this.#window.apply(message);
    this.#recordOwnSend(message);
    return { message, isNew };
  }

  #recordOwnSend(message: Message): void {
    const { clientMessageId, userId } = message;
    if (clientMessageId !== undefined && userId === this.#ownUserId) {
      this.#ownSends.add(sendKey(message));
    }
  }
}

/**
 * Returns the key of an own message in its room: a `clientMessageId` may have several texts. When the
 * text that was sent is unknown, the key is the `clientMessageId` alone.
 */
function sendKey(message: Send & Pick<Message, 'editedAt' | 'deletedAt'>): string {
  const { clientMessageId = '', text } = message;
  return hasOriginalText(message) ? `${clientMessageId} ${text}` : clientMessageId;
}
