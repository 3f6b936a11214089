const NONE: ReadonlySet<never> = new Set();

/**
 * Set of members grouped by owner that tracks the owner with the most members. Every operation
 * takes constant time.
 *
 * @example
 * const sockets = new ItemsByOwner<Socket>();
 * sockets.add('192.0.2.7', socket);
 * sockets.largestOwner; // '192.0.2.7'
 */
export class ItemsByOwner<Member> {
  readonly #members = new Map<string, Set<Member>>();
  /** Owners by number of members, those with one member first; the last set is never empty. */
  readonly #bySize: Set<string>[] = [];
  #size = 0;

  /** Total number of members across all owners. */
  get size(): number {
    return this.#size;
  }

  /** Owner with the most members; among equals, the one that reached that number first. */
  get largestOwner(): string | undefined {
    const [owner] = this.#bySize.at(-1) ?? [];
    return owner;
  }

  /** Returns the members of an owner, the oldest first. */
  of(owner: string): ReadonlySet<Member> {
    return this.#members.get(owner) ?? NONE;
  }

  /** @param member must not be a member already */
  add(owner: string, member: Member): void {
    const members = this.#members.get(owner) ?? new Set();
    this.#members.set(owner, members);
    this.#bySize[members.size - 1]?.delete(owner);
    members.add(member);
    const peers = this.#bySize[members.size - 1] ?? new Set();
    this.#bySize[members.size - 1] = peers.add(owner);
    this.#size += 1;
  }

  /** @returns false when it is not a member of the owner */
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
