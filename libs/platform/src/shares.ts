const NONE: ReadonlySet<never> = new Set();

/**
 * Members of a bounded whole, by owner; knows the owner that has the most of
 * them. Every operation takes constant time.
 *
 * @example
 * const places = new Shares<Socket>();
 * places.add('192.0.2.7', socket);
 * places.largest; // '192.0.2.7'
 */
export class Shares<Member> {
  readonly #members = new Map<string, Set<Member>>();
  /** Owners by their number of members, those of one first; the last set is never empty. */
  readonly #bySize: Set<string>[] = [];
  #size = 0;

  /** Members of all owners. */
  get size(): number {
    return this.#size;
  }

  /** The owner with the most members; of several the one that has had so many for longest. */
  get largest(): string | undefined {
    const [owner] = this.#bySize.at(-1) ?? [];
    return owner;
  }

  /** The members of an owner, the oldest first. */
  of(owner: string): ReadonlySet<Member> {
    return this.#members.get(owner) ?? NONE;
  }

  /** @param member not a member yet */
  add(owner: string, member: Member): void {
    const members = this.#members.get(owner) ?? new Set();
    this.#members.set(owner, members);
    this.#bySize[members.size - 1]?.delete(owner);
    members.add(member);
    const peers = this.#bySize[members.size - 1] ?? new Set();
    this.#bySize[members.size - 1] = peers.add(owner);
    this.#size += 1;
  }

  /** @returns false when it is not a member */
  delete(owner: string, member: Member): boolean {
    const members = this.#members.get(owner);
    if (!members?.delete(member)) return false;
    this.#size -= 1;
    this.#bySize[members.size]?.delete(owner);
    if (members.size === 0) this.#members.delete(owner);
    else this.#bySize[members.size - 1]?.add(owner);
    if (this.#bySize.at(-1)?.size === 0) this.#bySize.pop();
    return true;
  }
}
