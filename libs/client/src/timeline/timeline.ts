import type { Message } from '@chat/contracts';
import { MessageWindow } from './message-window.ts';

/** Fields that a message and its outbox entry have in common. */
type Send = Pick<Message, 'clientMessageId' | 'text'>;

/**
 * Messages of one room as displayed: a window that ends with the newest message, and below it the
 * user's own messages that are not in the window yet. Performs no I/O: changes from any source are
 * applied in the order of `rev`.
 */
export class Timeline {
  readonly #window: MessageWindow;
  readonly #isOwn: (message: Message) => boolean;
  /** Keys of own messages in the window; see `sendKey`. */
  readonly #ownSends = new Set<string>();
  #rev: number;

  /**
   * @param page the newest page, oldest first; empty for a room without messages
   * @param rev the last change that the page is known to include
   * @param isOwn whether the signed-in user sent the message
   */
  constructor(page: readonly Message[], rev: number, isOwn: (message: Message) => boolean) {
    this.#window = new MessageWindow(page);
    this.#rev = rev;
    this.#isOwn = isOwn;
    this.#recordOwnSends(page);
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

  /**
   * Applies every change after `rev` up to `coveredRev`; older ones among `changes` are ignored.
   * Returns those that were applied.
   */
  apply(changes: readonly Message[], coveredRev: number): Message[] {
    const fresh = changes.filter(({ rev }) => rev > this.#rev);
    for (const message of fresh) this.#window.apply(message);
    this.#rev = coveredRev;
    this.#recordOwnSends(fresh);
    return fresh;
  }

  /** Adds an older page; ignored unless it ends right before the first message. */
  prepend(page: readonly Message[]): void {
    this.#window.prepend(page);
    this.#recordOwnSends(page);
  }

  /** Returns the entries whose messages are not in the window. */
  pending<Entry extends Send>(entries: readonly Entry[]): Entry[] {
    return entries.filter((entry) => !this.#ownSends.has(sendKey(entry)));
  }

  #recordOwnSends(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.clientMessageId !== undefined && this.#isOwn(message)) {
        this.#ownSends.add(sendKey(message));
      }
    }
  }
}

/** Returns the key of an own message in its room: a `clientMessageId` may have several texts. */
function sendKey({ clientMessageId = '', text }: Send): string {
  return `${clientMessageId} ${text}`;
}
