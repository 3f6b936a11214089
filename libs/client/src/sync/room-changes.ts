import type { MessageUpdate } from '../timeline/message-update.ts';
import type { AppliedChange, Timeline } from '../timeline/timeline.ts';
import { EarlyChanges } from './early-changes.ts';
import type { LiveChange } from './live-change.ts';

/** Complete reads without a missing message after which the timeline is reloaded. */
const MAX_READS_WITHOUT_MISSING = 4;

/**
 * The changes of one room: applies them to its timeline in the order of `rev`, whatever order they
 * arrive in, and tracks which are missing. Performs no I/O.
 */
export class RoomChanges {
  readonly #early = new EarlyChanges();
  #timeline: Timeline | undefined;
  #head = 0;
  #mustReload = false;
  /** Whether a message up to `rev` may be missing, because a later page has its latest state. */
  #partial = false;
  /** Number of complete reads since which a message is missing. */
  #readsWithoutMissing = 0;

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
    return this.rev < this.#head || this.#partial;
  }

  /** Whether the timeline must restart from the newest page. */
  get mustLoad(): boolean {
    return this.#timeline === undefined || this.#mustReload;
  }

  /**
   * Whether the last read was complete, but did not contain a message that is missing: the server
   * has skipped it in its events because it has just changed, and its change can be read soon.
   */
  get awaitsMissing(): boolean {
    return this.#readsWithoutMissing > 0 && !this.#mustReload;
  }

  /** Starts from a timeline of the newest page. */
  load(timeline: Timeline): void {
    this.#timeline = timeline;
    this.#mustReload = false;
    this.#partial = false;
    this.#readsWithoutMissing = 0;
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
   * Handles a live change: applies it if it follows the timeline and `mayApply`, or else holds it
   * until the changes before it are applied. Returns what was applied.
   */
  receive(change: LiveChange, mayApply: boolean): AppliedChange[] {
    if (change.rev <= this.rev) return [];
    this.raiseHead(change.rev);
    if (!mayApply || this.mustLoad || this.#partial || change.since > this.rev) {
      this.#early.add(change);
      return [];
    }
    return this.#applyLive([change]);
  }

  /** Discards the changes that {@link receive} holds. */
  discardHeld(): void {
    this.#early.clear();
  }

  /**
   * Applies the states of messages that changed up to `coveredRev`. Returns what is new, in the
   * order of `rev`.
   *
   * @param complete whether the states include every change that existed when they were read;
   *   otherwise a message up to `coveredRev` may be missing, because it changed again later
   */
  apply(states: readonly MessageUpdate[], coveredRev: number, complete: boolean): AppliedChange[] {
    const applied = this.#timeline?.apply(states, coveredRev) ?? [];
    const isMissing = complete && coveredRev >= this.#head && this.#timeline?.incomplete === true;
    this.#partial = !complete || isMissing;
    this.#readsWithoutMissing = isMissing ? this.#readsWithoutMissing + 1 : 0;
    if (this.#readsWithoutMissing > MAX_READS_WITHOUT_MISSING) this.#mustReload = true;
    return applied;
  }

  /** Applies the held changes that are next. Returns them. */
  applyHeld(): AppliedChange[] {
    if (this.mustLoad || this.#partial) return [];
    return this.#applyLive(this.#early.takeAfter(this.rev));
  }

  #applyLive(changes: readonly LiveChange[]): AppliedChange[] {
    const applied = changes.flatMap(
      ({ rev, update }) => this.#timeline?.apply(update ? [update] : [], rev) ?? [],
    );
    // After a gap the server sends states: one of a later rev may be the missing message.
    if (this.#timeline?.incomplete) this.#partial = true;
    return applied;
  }
}
