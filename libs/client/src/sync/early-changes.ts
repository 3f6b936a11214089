import type { LiveChange } from './live-change.ts';

const MAX_CHANGES = 1_000;

/** Live changes of a room that arrived before earlier ones, by `rev`. */
export class EarlyChanges {
  readonly #changes = new Map<number, LiveChange>();

  /** Rev of the last change; 0 if there is none. */
  get lastRev(): number {
    return Math.max(0, ...this.#changes.keys());
  }

  /**
   * Adds a change. Of two with the same rev, the one that covers more revs is held, or else the
   * state of the message. At the limit of 1,000 all others are dropped: the server still has them.
   */
  add(change: LiveChange): void {
    const held = this.#changes.get(change.rev);
    if (held && !isPreferred(change, held)) return;
    if (this.#changes.size >= MAX_CHANGES) this.#changes.clear();
    this.#changes.set(change.rev, change);
  }

  /** Removes and returns the changes that follow `rev` without a gap; drops those up to `rev`. */
  takeAfter(rev: number): LiveChange[] {
    const next: LiveChange[] = [];
    let taken = rev;
    for (const change of [...this.#changes.values()].sort((a, b) => a.rev - b.rev)) {
      if (change.since > taken || change.rev <= taken) continue;
      next.push(change);
      taken = change.rev;
    }
    for (const known of this.#changes.keys()) if (known <= taken) this.#changes.delete(known);
    return next;
  }

  clear(): void {
    this.#changes.clear();
  }
}

function isPreferred(change: LiveChange, held: LiveChange): boolean {
  if (change.since !== held.since) return change.since < held.since;
  return change.update?.change.kind === 'state';
}
