import type { Scheduler } from '../scheduler';
import { type Dice, diceFor } from './dice';

/** A fault that is decided on; it is counted when it happens. */
export interface Strike {
  readonly name: string;
  readonly dice: Dice;
  happened(): void;
}

export interface LedgerOptions {
  readonly scheduler: Scheduler;
  readonly seed: number;
  readonly untilMs: number;
  readonly only: readonly string[] | undefined;
}

/** Decides what goes wrong where, and remembers what did. */
export class Ledger {
  /** By kind, `crash/middle` for example. */
  readonly counts = new Map<string, number>();
  /** What a kind came to in particular (`write/late state`), beside `counts`. */
  readonly details = new Map<string, number>();
  /** Names in order; at most `INJECTED_MAX`. */
  readonly injected: string[] = [];
  private readonly options: LedgerOptions;
  private readonly only: ReadonlySet<string> | null;
  /** How often a place was passed: grows with the places, not with the retries at one. */
  private readonly passed = new Map<string, number>();
  private busyUntilMs = 0;
  private running = 0;

  constructor(options: LedgerOptions) {
    this.options = options;
    this.only = options.only === undefined ? null : new Set(options.only);
  }

  get active(): boolean {
    return this.options.scheduler.nowMs < this.options.untilMs;
  }

  /** Nothing that a fault left behind (a late write, a zombie) is still under way. */
  get quiet(): boolean {
    return this.running === 0 && this.options.scheduler.nowMs > this.busyUntilMs;
  }

  /** Null = nothing happens here. */
  strike(kind: string, place: string, rate: number): Strike | null {
    if (rate <= 0 || !this.active) return null;
    const where = `${kind} ${place}`;
    const nth = (this.passed.get(where) ?? 0) + 1;
    this.passed.set(where, nth);
    const name = `${where} ${nth}`;
    const dice = diceFor(this.options.seed, name);
    if (dice.next() >= rate || (this.only !== null && !this.only.has(name))) return null;
    return { name, dice, happened: () => this.count(kind, name) };
  }

  /** Dice of a decision that is no fault: they fall the same whatever else is left out. */
  roll(kind: string, place: string): Dice {
    const where = `${kind} ${place}`;
    const nth = (this.passed.get(where) ?? 0) + 1;
    this.passed.set(where, nth);
    return diceFor(this.options.seed, `${where} ${nth}`);
  }

  /** A strike that happens at once. */
  strikeNow(kind: string, place: string, rate: number): Dice | null {
    const strike = this.strike(kind, place, rate);
    strike?.happened();
    return strike?.dice ?? null;
  }

  /** A run must not end before then. */
  busyUntil(timeMs: number): void {
    this.busyUntilMs = Math.max(this.busyUntilMs, timeMs);
  }

  /** A run must not end before this has. */
  async whileRunning(work: () => Promise<unknown>): Promise<void> {
    this.running += 1;
    await work().catch(() => undefined);
    this.running -= 1;
  }

  /** A fault that was decided on elsewhere; its name begins with its kind. */
  note(name: string): void {
    this.count(name.slice(0, name.indexOf(' ')), name);
  }

  detail(name: string): void {
    this.details.set(name, (this.details.get(name) ?? 0) + 1);
  }

  private count(kind: string, name: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    if (this.injected.length < INJECTED_MAX) this.injected.push(name);
  }
}

/** More than this many are counted but not named: a schedule that long is not read, nor shrunk. */
const INJECTED_MAX = 20_000;
