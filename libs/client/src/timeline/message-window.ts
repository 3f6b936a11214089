import type { Message } from '@chat/contracts';

/** Maximum number of messages in a window; the oldest are dropped when new ones arrive. */
const MAX_MESSAGES = 5_000;
const TRIM_EVERY = 500;

/** A contiguous range of a room's messages: from some `seq` to the newest one known. */
export class MessageWindow {
  #messages: Message[];
  /** Newer messages whose predecessor is missing, by seq: changes arrive by `rev`, not by `seq`. */
  readonly #outOfOrder = new Map<number, Message>();
  #snapshot: readonly Message[] | undefined;

  /** @param page the newest page, oldest first; empty for a room without messages */
  constructor(page: readonly Message[]) {
    this.#messages = [...page];
  }

  /** Messages contiguous by `seq`, oldest first. The same array until the next change. */
  get messages(): readonly Message[] {
    return (this.#snapshot ??= [...this.#messages]);
  }

  /** `seq` of the first message; 1 for a room without messages. */
  get firstSeq(): number {
    return this.#messages[0]?.seq ?? 1;
  }

  get hasOlder(): boolean {
    return this.firstSeq > 1;
  }

  /** Whether messages are withheld because one before them is missing. */
  get incomplete(): boolean {
    return this.#outOfOrder.size > 0;
  }

  /** Returns the message with this id, also a withheld one. */
  find(id: string): Message | undefined {
    const isMatch = (message: Message): boolean => message.id === id;
    return this.#messages.findLast(isMatch) ?? [...this.#outOfOrder.values()].find(isMatch);
  }

  /** Inserts a new message, or replaces one by the given revision, which must be newer. */
  apply(message: Message): void {
    const index = message.seq - this.firstSeq;
    if (index < 0) return;
    this.#snapshot = undefined;
    if (this.#messages[index]) {
      this.#messages[index] = message;
      return;
    }
    this.#outOfOrder.set(message.seq, message);
    this.#appendContiguous();
  }

  /** Adds an older page; ignored unless it ends right before the first message. */
  prepend(page: readonly Message[]): void {
    const older = page.filter(({ seq }) => seq < this.firstSeq);
    if (older.at(-1)?.seq !== this.firstSeq - 1) return;
    this.#messages = [...older, ...this.#messages];
    this.#snapshot = undefined;
  }

  #appendContiguous(): void {
    for (;;) {
      const next = this.firstSeq + this.#messages.length;
      const message = this.#outOfOrder.get(next);
      if (!message) break;
      this.#outOfOrder.delete(next);
      this.#messages.push(message);
    }
    if (this.#messages.length >= MAX_MESSAGES + TRIM_EVERY) {
      this.#messages = this.#messages.slice(-MAX_MESSAGES);
    }
  }
}
