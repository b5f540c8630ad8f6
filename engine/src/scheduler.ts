import type { Clock } from '@millrace/core/port';
import { Heap, type HeapEntry } from './heap';
import { createRandom, type Random } from './random';

export interface ScheduledTask {
  /** The task never fires; time does not go on to where it stood. */
  cancel(): void;
}

/** One queue of events with one clock: whatever happens in a run is an event on it. */
export interface Scheduler {
  /** Epoch milliseconds. Stands still while an event and everything it set off is running. */
  readonly nowMs: number;
  readonly random: Random;
  /** The port `Clock` on this scheduler's time. */
  readonly clock: Clock;
  /** Fires `task` at `timeMs`; a past time means now. A throw or rejection of it ends `run`. */
  at(timeMs: number, task: () => void | Promise<void>): ScheduledTask;
  /**
   * Does real asynchronous work (a file, a native store) as if it took no time: no other event fires
   * until it settles. The work must not wait for the scheduler itself, or the run stands still.
   */
  hold<T>(work: () => T | Promise<T>): Promise<T>;
  /**
   * Fires events in order of (time, order of scheduling) until `done()` is true or none is left;
   * after each event lets all microtasks run. `keepWaiting` stays for events from outside when none
   * is left (a server at real speed). Rejects with the first error that an event threw.
   */
  run(options?: RunOptions): Promise<void>;
}

export interface RunOptions {
  readonly done?: () => boolean;
  readonly keepWaiting?: boolean;
}

export interface SchedulerOptions {
  readonly seed: number;
  readonly startMs: number;
  /** Virtual seconds for each real one. The default, Infinity, never waits. */
  readonly speed?: number;
}

interface Entry extends HeapEntry {
  task: (() => void | Promise<void>) | null;
}

/** Cancelled entries that may lie in the heap before it is cleaned. */
const CANCELLED_MAX = 1024;
/** setTimeout counts in 32 bits; a longer nap is taken in pieces. */
const NAP_MS_MAX = 2 ** 31 - 1;

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new SeededScheduler(options);
}

class SeededScheduler implements Scheduler {
  readonly random: Random;
  readonly clock: Clock;
  private readonly heap = new Heap<Entry>();
  private readonly speed: number;
  private timeMs: number;
  private order = 0;
  private cancelled = 0;
  private held = 0;
  private running = false;
  private failure: { readonly error: unknown } | null = null;
  private anchor = { realMs: 0, virtualMs: 0 };
  /** Set while the loop waits; anything that changes what it waits for calls it. */
  private wake: (() => void) | null = null;
  private napUntilMs: number | null = null;

  constructor({ seed, startMs, speed = Number.POSITIVE_INFINITY }: SchedulerOptions) {
    if (!(speed > 0)) throw new RangeError(`speed must be above 0, got ${speed}`);
    this.random = createRandom(seed);
    this.speed = speed;
    this.timeMs = startMs;
    this.clock = {
      nowMs: () => this.nowMs,
      sleep: (durationMs) =>
        new Promise((resolve) => {
          this.at(this.nowMs + durationMs, resolve);
        }),
    };
  }

  get nowMs(): number {
    // Only callers from outside (an HTTP server) look at the clock while the loop naps.
    if (this.napUntilMs === null || this.speed === Number.POSITIVE_INFINITY) return this.timeMs;
    return Math.max(this.timeMs, Math.min(Math.floor(this.wallMs()), this.napUntilMs));
  }

  at(timeMs: number, task: () => void | Promise<void>): ScheduledTask {
    if (Number.isNaN(timeMs)) throw new RangeError('cannot schedule at NaN');
    const entry: Entry = { timeMs: Math.max(timeMs, this.nowMs), order: this.order++, task };
    this.heap.push(entry);
    this.wake?.();
    return { cancel: () => this.cancel(entry) };
  }

  async hold<T>(work: () => T | Promise<T>): Promise<T> {
    this.held += 1;
    try {
      return await work();
    } finally {
      this.held -= 1;
      if (this.held === 0) this.wake?.();
    }
  }

  async run({ done, keepWaiting = false }: RunOptions = {}): Promise<void> {
    if (this.running) throw new Error('the scheduler is running already');
    this.running = true;
    this.anchor = { realMs: performance.now(), virtualMs: this.timeMs };
    try {
      for (;;) {
        await this.settle();
        if (this.failure !== null) throw this.failure.error;
        if (done?.()) return;
        const entry = this.next();
        if (entry === undefined && !keepWaiting) return;
        if (entry === undefined) await this.nap(Number.POSITIVE_INFINITY);
        else if (this.realWaitMs(entry) > 0) await this.nap(entry.timeMs);
        else this.fire(entry);
      }
    } finally {
      this.running = false;
    }
  }

  /** One turn of the event loop runs all microtasks; held work gets as many turns as it needs. */
  private async settle(): Promise<void> {
    await turn();
    while (this.held > 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = null;
      await turn();
    }
  }

  private next(): Entry | undefined {
    for (;;) {
      const entry = this.heap.peek();
      if (entry === undefined || entry.task !== null) return entry;
      this.heap.pop();
      this.cancelled -= 1;
    }
  }

  private fire(entry: Entry): void {
    this.heap.pop();
    this.timeMs = Math.max(this.timeMs, entry.timeMs);
    const task = entry.task!;
    entry.task = null;
    try {
      const running = task();
      if (running !== undefined) Promise.resolve(running).catch((error) => this.fail(error));
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.wake?.();
  }

  private cancel(entry: Entry): void {
    if (entry.task === null) return;
    entry.task = null;
    this.cancelled += 1;
    if (this.cancelled < CANCELLED_MAX || this.cancelled * 2 < this.heap.size) return;
    this.heap.prune(({ task }) => task !== null);
    this.cancelled = 0;
  }

  private wallMs(): number {
    return this.anchor.virtualMs + (performance.now() - this.anchor.realMs) * this.speed;
  }

  private realWaitMs(entry: Entry): number {
    if (this.speed === Number.POSITIVE_INFINITY) return 0;
    return (entry.timeMs - this.wallMs()) / this.speed;
  }

  private async nap(untilMs: number): Promise<void> {
    this.napUntilMs = untilMs;
    const waitMs = Math.min(Math.ceil((untilMs - this.wallMs()) / this.speed), NAP_MS_MAX);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Number.isNaN(waitMs) ? NAP_MS_MAX : waitMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.timeMs = this.nowMs;
    this.wake = null;
    this.napUntilMs = null;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
