export interface HeapEntry {
  readonly timeMs: number;
  /** Breaks ties: what was scheduled first fires first. */
  readonly order: number;
}

/** A binary heap, earliest entry first. */
export class Heap<T extends HeapEntry> {
  private entries: T[] = [];

  get size(): number {
    return this.entries.length;
  }

  peek(): T | undefined {
    return this.entries[0];
  }

  push(entry: T): void {
    const entries = this.entries;
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(entries[parent]!, entry)) break;
      entries[index] = entries[parent]!;
      index = parent;
    }
    entries[index] = entry;
  }

  pop(): T | undefined {
    const first = this.entries[0];
    const last = this.entries.pop();
    if (first !== last && last !== undefined) this.sink(last);
    return first;
  }

  /** Drops every entry that `keep` refuses. */
  prune(keep: (entry: T) => boolean): void {
    const kept = this.entries.filter(keep);
    this.entries = [];
    for (const entry of kept) this.push(entry);
  }

  private sink(entry: T): void {
    const entries = this.entries;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= entries.length) break;
      const right = child + 1;
      if (right < entries.length && isBefore(entries[right]!, entries[child]!)) child = right;
      if (isBefore(entry, entries[child]!)) break;
      entries[index] = entries[child]!;
      index = child;
    }
    entries[index] = entry;
  }
}

function isBefore(a: HeapEntry, b: HeapEntry): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order);
}
