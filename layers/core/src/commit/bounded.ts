/** Runs `work` over all items, at most `parallelMax` at once, starting them in order. */
export async function forEachBounded<T>(
  items: readonly T[],
  parallelMax: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  // Most calls are for nothing: three a series and batch when all is well.
  if (items.length === 0) return;
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelMax, items.length) }, worker));
}
