/** Delta debugging: the shortest part of a list that still fails, by halves, then quarters, and so on. */
export async function shrink<T>(
  items: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  triesMax = 300,
): Promise<readonly T[]> {
  let left = items;
  let parts = 2;
  let tries = 0;
  while (left.length > 1 && tries < triesMax) {
    const size = Math.ceil(left.length / parts);
    let smaller: readonly T[] | null = null;
    for (let at = 0; at < left.length && smaller === null && tries < triesMax; at += size) {
      const without = [...left.slice(0, at), ...left.slice(at + size)];
      tries += 1;
      if (await fails(without)) smaller = without;
    }
    if (smaller !== null) {
      left = smaller;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) {
      return left;
    } else {
      parts = Math.min(left.length, parts * 2);
    }
  }
  return left;
}
