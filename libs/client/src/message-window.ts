import type { Message } from '@chat/contracts';

/** Most messages that are held; the oldest make room when new ones arrive. */
const MAX_MESSAGES = 5_000;
const TRIM_EVERY = 500;

/** A room's messages without a hole: from some `seq` to the newest one known. */
export class MessageWindow {
  #messages: Message[];
  /** Newer messages whose predecessor has not arrived: changes come by `rev`, not by `seq`. */
  readonly #ahead = new Map<number, Message>();
  #published: readonly Message[] | undefined;

  /** @param page the newest page, oldest first; empty for a room without messages */
  constructor(page: readonly Message[]) {
    this.#messages = [...page];
  }

  /** Oldest first, contiguous by `seq`. The same array until something changes. */
  get messages(): readonly Message[] {
    return (this.#published ??= [...this.#messages]);
  }

  /** The first message's `seq`; 1 for a room without messages. */
  get firstSeq(): number {
    return this.#messages[0]?.seq ?? 1;
  }

  get hasOlder(): boolean {
    return this.firstSeq > 1;
  }

  /** Whether messages are held back because one before them is missing. */
  get incomplete(): boolean {
    return this.#ahead.size > 0;
  }

  /** Puts a new message at its place, or a changed one in place of its older form. */
  apply(message: Message): void {
    const index = message.seq - this.firstSeq;
    if (index < 0) return;
    this.#published = undefined;
    const present = this.#messages[index];
    if (present) {
      if (message.rev >= present.rev) this.#messages[index] = message;
      return;
    }
    this.#ahead.set(message.seq, message);
    this.#takeAhead();
  }

  /** Puts the page that ends right before the first message before it. */
  prepend(page: readonly Message[]): void {
    const older = page.filter(({ seq }) => seq < this.firstSeq);
    if (older.at(-1)?.seq !== this.firstSeq - 1) return;
    this.#messages = [...older, ...this.#messages];
    this.#published = undefined;
  }

  #takeAhead(): void {
    for (;;) {
      const next = this.firstSeq + this.#messages.length;
      const message = this.#ahead.get(next);
      if (!message) break;
      this.#ahead.delete(next);
      this.#messages.push(message);
    }
    if (this.#messages.length >= MAX_MESSAGES + TRIM_EVERY) {
      this.#messages = this.#messages.slice(-MAX_MESSAGES);
    }
  }
}
