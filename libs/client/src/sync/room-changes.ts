import type { Message } from '@chat/contracts';
import type { Timeline } from '../timeline/timeline.ts';
import { EarlyChanges } from './early-changes.ts';

/**
 * The changes of one room: applies them to its timeline in the order of `rev`, whatever order they
 * arrive in, and tracks which are missing. Performs no I/O.
 */
export class RoomChanges {
  readonly #early = new EarlyChanges();
  #timeline: Timeline | undefined;
  #head = 0;
  #mustReload = false;

  /** The room's timeline; undefined before the first page. */
  get timeline(): Timeline | undefined {
    return this.#timeline;
  }

  /** Rev up to which the timeline includes every change; 0 without a timeline. */
  get rev(): number {
    return this.#timeline?.rev ?? 0;
  }

  /** Rev of the last change known to exist. */
  get head(): number {
    return this.#head;
  }

  /** Whether changes up to the head are missing in the timeline. */
  get incomplete(): boolean {
    return this.rev < this.#head;
  }

  /** Whether the timeline must restart from the newest page. */
  get mustLoad(): boolean {
    return this.#timeline === undefined || this.#mustReload;
  }

  /** Starts from a timeline of the newest page. */
  load(timeline: Timeline): void {
    this.#timeline = timeline;
    this.#mustReload = false;
  }

  /** Gives up filling the gap: the timeline stays as it is until the next `load()`. */
  requireLoad(): void {
    this.#mustReload = true;
  }

  drop(): void {
    this.#timeline = undefined;
  }

  /** Sets the head that the server reported; changes that arrived since then are newer. */
  setHead(rev: number): void {
    this.#head = Math.max(rev, this.#early.lastRev);
  }

  /** Raises the head; returns whether it was lower. */
  raiseHead(rev: number): boolean {
    if (rev <= this.#head) return false;
    this.#head = rev;
    return true;
  }

  /**
   * Handles a live change: applies it if it is next and `mayApply`, or else holds it until the
   * changes before it are applied. Returns what was applied.
   */
  receive(change: Message, mayApply: boolean): Message[] {
    if (change.rev <= this.rev) return [];
    this.raiseHead(change.rev);
    if (mayApply && this.#timeline && change.rev === this.rev + 1) {
      return this.apply([change], change.rev);
    }
    this.#early.add(change);
    return [];
  }

  /** Discards the changes that {@link receive} holds. */
  discardHeld(): void {
    this.#early.clear();
  }

  /**
   * Applies changes from any source that cover every rev up to `coveredRev`. Returns those that are
   * new, in the order of `rev`.
   */
  apply(changes: readonly Message[], coveredRev: number): Message[] {
    const fresh = this.#timeline?.apply(changes, coveredRev) ?? [];
    if (coveredRev >= this.#head && this.#timeline?.incomplete) this.#mustReload = true;
    return fresh;
  }

  /** Applies the held changes that are next. Returns them. */
  applyHeld(): Message[] {
    if (this.mustLoad) return [];
    const next = this.#early.takeAfter(this.rev);
    return this.apply(next, this.rev + next.length);
  }
}
