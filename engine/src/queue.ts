/** Slots freed at the front before the array is cut; small enough to keep memory flat. */
const COMPACT_FROM = 1024;

/** First in, first out, with cheap `shift`; drops its reference to an item as soon as it leaves. */
export class Queue<T> {
  private slots: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.slots.length - this.head;
  }

  push(item: T): void {
    this.slots.push(item);
  }

  peek(): T | undefined {
    return this.slots[this.head];
  }

  /** The item `index` places behind the front. */
  at(index: number): T | undefined {
    return this.slots[this.head + index];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head += 1;
    if (this.head >= COMPACT_FROM && this.head * 2 >= this.slots.length) {
      this.slots = this.slots.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}
