const NONE: ReadonlySet<never> = new Set();

/**
 * Set of items grouped by owner that tracks the owner with the most items. Every operation takes
 * constant time.
 *
 * @example
 * const sockets = new ItemsByOwner<Socket>();
 * sockets.add('192.0.2.7', socket);
 * sockets.largestOwner; // '192.0.2.7'
 */
export class ItemsByOwner<Item> {
  readonly #items = new Map<string, Set<Item>>();
  /** Owners by number of items, those with one item first; the last set is never empty. */
  readonly #bySize: Set<string>[] = [];
  #size = 0;

  /** Total number of items across all owners. */
  get size(): number {
    return this.#size;
  }

  /** Owner with the most items; among equals, the owner that reached the count first. */
  get largestOwner(): string | undefined {
    const [owner] = this.#bySize.at(-1) ?? [];
    return owner;
  }

  /** Returns the items of an owner, the oldest first. */
  of(owner: string): ReadonlySet<Item> {
    return this.#items.get(owner) ?? NONE;
  }

  /** @param item must not be in the set already */
  add(owner: string, item: Item): void {
    const items = this.#items.get(owner) ?? new Set();
    this.#items.set(owner, items);
    this.#bySize[items.size - 1]?.delete(owner);
    items.add(item);
    const peers = this.#bySize[items.size - 1] ?? new Set();
    this.#bySize[items.size - 1] = peers.add(owner);
    this.#size += 1;
  }

  /** @returns false when the owner does not have the item */
  delete(owner: string, item: Item): boolean {
    const items = this.#items.get(owner);
    if (!items?.delete(item)) return false;
    this.#size -= 1;
    this.#bySize[items.size]?.delete(owner);
    if (items.size === 0) this.#items.delete(owner);
    else this.#bySize[items.size - 1]?.add(owner);
    if (this.#bySize.at(-1)?.size === 0) this.#bySize.pop();
    return true;
  }
}
