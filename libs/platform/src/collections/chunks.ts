/** Splits `items` into chunks of at most `size`, in order; returns no chunks for an empty array. */
export function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** Calls `load` for chunks of at most `size` items, sequentially; returns all results in order. */
export async function mapInChunks<Item, Result>(
  items: readonly Item[],
  size: number,
  load: (batch: readonly Item[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const batch of chunksOf(items, size)) results.push(...(await load(batch)));
  return results;
}
