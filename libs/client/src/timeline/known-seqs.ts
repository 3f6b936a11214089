/** The seqs of a room's messages that the client has seen, in whatever order they arrive. */
export class KnownSeqs {
  /** Seqs beyond the first unknown one. */
  readonly #later = new Set<number>();

  /** @param upTo the seq up to which every message is known */
  constructor(private upTo: number) {}

  /** Adds a seq; returns whether it was unknown. */
  add(seq: number): boolean {
    if (seq <= this.upTo || this.#later.has(seq)) return false;
    this.#later.add(seq);
    while (this.#later.delete(this.upTo + 1)) this.upTo += 1;
    return true;
  }
}
