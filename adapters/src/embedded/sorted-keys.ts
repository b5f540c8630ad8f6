/** A set of strings in code-unit order that stays fast to change: sorted blocks, split when full. */
export interface SortedKeys {
  /** The key must not be in the set. */
  add(key: string): void;
  /** The key must be in the set. */
  remove(key: string): void;
  /** From `from` (inclusive) to `before` (exclusive). The set must not change meanwhile. */
  range(from: string, before: string | undefined, reverse: boolean): Iterable<string>;
}

const BLOCK_KEYS_MAX = 512;

export function createSortedKeys(): SortedKeys {
  const blocks: string[][] = [[]];

  /** Index of the first block whose last key is at or above `key`, else of the last block. */
  function blockOf(key: string): number {
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const block = blocks[middle]!;
      if (block[block.length - 1]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function* ascending(from: string, before: string | undefined): Iterable<string> {
    const first = blockOf(from);
    for (let b = first; b < blocks.length; b++) {
      const block = blocks[b]!;
      for (let i = b === first ? positionIn(block, from) : 0; i < block.length; i++) {
        const key = block[i]!;
        if (before !== undefined && key >= before) return;
        yield key;
      }
    }
  }

  function* descending(from: string, before: string | undefined): Iterable<string> {
    const last = before === undefined ? blocks.length - 1 : blockOf(before);
    for (let b = last; b >= 0; b--) {
      const block = blocks[b]!;
      const end = before !== undefined && b === last ? positionIn(block, before) : block.length;
      for (let i = end - 1; i >= 0; i--) {
        const key = block[i]!;
        if (key < from) return;
        yield key;
      }
    }
  }

  return {
    add(key) {
      const b = blockOf(key);
      const block = blocks[b]!;
      block.splice(positionIn(block, key), 0, key);
      if (block.length > BLOCK_KEYS_MAX) blocks.splice(b + 1, 0, block.splice(BLOCK_KEYS_MAX / 2));
    },
    remove(key) {
      const b = blockOf(key);
      const block = blocks[b]!;
      block.splice(positionIn(block, key), 1);
      if (block.length === 0 && blocks.length > 1) blocks.splice(b, 1);
    },
    range: (from, before, reverse) =>
      reverse ? descending(from, before) : ascending(from, before),
  };
}

/** Index of the first key at or above `key`. */
function positionIn(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (block[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
