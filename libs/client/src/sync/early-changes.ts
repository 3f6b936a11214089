import type { Message } from '@chat/contracts';

const MAX_CHANGES = 1_000;

/** Live changes of a room that arrived before earlier ones, by `rev`. */
export class EarlyChanges {
  readonly #changes = new Map<number, Message>();

  /** Rev of the last change; 0 if there is none. */
  get lastRev(): number {
    return Math.max(0, ...this.#changes.keys());
  }

  /** Adds a change. At the limit of 1,000 all others are dropped: the server still has them. */
  add(change: Message): void {
    if (this.#changes.size >= MAX_CHANGES) this.#changes.clear();
    this.#changes.set(change.rev, change);
  }

  /** Removes and returns the changes that follow `rev` without a gap; drops those up to `rev`. */
  takeAfter(rev: number): Message[] {
    const next: Message[] = [];
    for (;;) {
      const change = this.#changes.get(rev + 1 + next.length);
      if (!change) break;
      next.push(change);
    }
    const taken = rev + next.length;
    for (const known of this.#changes.keys()) if (known <= taken) this.#changes.delete(known);
    return next;
  }

  clear(): void {
    this.#changes.clear();
  }
}
