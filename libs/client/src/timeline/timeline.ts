import type { Message } from '@chat/contracts';
import { MessageWindow } from './message-window.ts';

/** What a message and its entry in the outbox have in common. */
type Send = Pick<Message, 'clientMessageId' | 'text'>;

/**
 * Messages of one room as they are shown: a window that ends with the newest message, and below it
 * the own sends that are not in the window yet. Plain data: changes are applied to it in the order
 * of `rev`, wherever they come from.
 */
export class Timeline {
  readonly #window: MessageWindow;
  readonly #isOwn: (message: Message) => boolean;
  /** Keys of own messages in the window; see `sendKey`. */
  readonly #ownSends = new Set<string>();
  #rev: number;

  /**
   * @param page the newest page, oldest first; empty for a room without messages
   * @param rev last change that the page certainly includes
   * @param isOwn whether the signed-in user sent the message
   */
  constructor(page: readonly Message[], rev: number, isOwn: (message: Message) => boolean) {
    this.#window = new MessageWindow(page);
    this.#rev = rev;
    this.#isOwn = isOwn;
    this.#noteOwnSends(page);
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
    this.#noteOwnSends(fresh);
    return fresh;
  }

  /** Adds an older page; ignored unless it ends right before the first message. */
  prepend(page: readonly Message[]): void {
    this.#window.prepend(page);
    this.#noteOwnSends(page);
  }

  /** Returns the entries whose messages are not in the window. */
  pending<Entry extends Send>(entries: readonly Entry[]): Entry[] {
    return entries.filter((entry) => !this.#ownSends.has(sendKey(entry)));
  }

  #noteOwnSends(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.clientMessageId !== undefined && this.#isOwn(message)) {
        this.#ownSends.add(sendKey(message));
      }
    }
  }
}

/** Returns the key of an own message in its room: one `clientMessageId` may have several texts. */
function sendKey({ clientMessageId = '', text }: Send): string {
  return `${clientMessageId} ${text}`;
}
