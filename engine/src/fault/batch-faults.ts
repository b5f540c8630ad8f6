import type { Doom } from './invocation';
import type { Ledger } from './ledger';
import { type FaultPlan, faultsOf } from './plan';

/** What the injector reads of a Kinesis event; other events have no records. */
export interface EventRecord {
  readonly eventID: string;
  readonly kinesis: { readonly sequenceNumber: string };
}

/**
 * Deaths of one record alone in its batch that a plan causes by chance. A function may count them to
 * find records that kill it, so that more would turn a healthy record into one of those.
 */
const LONE_DEATHS_MAX = 1;
/** Writes that may go well before a crash or a time-out. */
const WRITES_MAX = 8;

/** Decides how invocations of batches end. */
export class BatchFaults {
  private readonly plan: FaultPlan;
  private readonly ledger: Ledger;
  /** By record: deaths alone that are still to come, and that have been. */
  private readonly deadly = new Map<string, number>();
  private readonly loneDeaths = new Map<string, number>();
  private readonly loneRunning = new Map<string, number>();

  constructor(plan: FaultPlan, ledger: Ledger) {
    this.plan = plan;
    this.ledger = ledger;
  }

  enter(records: readonly EventRecord[]): void {
    const lone = loneOf(records);
    if (lone !== null) this.loneRunning.set(lone, (this.loneRunning.get(lone) ?? 0) + 1);
  }

  leave(records: readonly EventRecord[], died: boolean): void {
    const lone = loneOf(records);
    if (lone === null) return;
    this.loneRunning.set(lone, (this.loneRunning.get(lone) ?? 1) - 1);
    if (died) this.loneDeaths.set(lone, (this.loneDeaths.get(lone) ?? 0) + 1);
  }

  /** Whether chance may kill this invocation. */
  mayDie(records: readonly EventRecord[]): boolean {
    const lone = loneOf(records);
    if (lone === null) return true;
    if ((this.deadly.get(lone) ?? 0) > 0) return false;
    const running = this.loneRunning.get(lone) ?? 0;
    return running <= 1 && (this.loneDeaths.get(lone) ?? 0) < LONE_DEATHS_MAX;
  }

  /** Whether a record of this batch kills the process. */
  killedByRecord(records: readonly EventRecord[]): boolean {
    let kills = false;
    for (const { eventID } of records) {
      for (const { rate, tries } of faultsOf(this.plan, 'deadly')) {
        if (!this.deadly.has(eventID)) {
          const dice = this.ledger.strikeNow('deadly', eventID, rate);
          this.deadly.set(eventID, dice === null ? 0 : dice.between(tries));
        }
        const left = this.deadly.get(eventID) ?? 0;
        if (left > 0 && records.length === 1) this.deadly.set(eventID, left - 1);
        if (left === 1 && records.length === 1) this.ledger.detail('deadly/healed');
        kills ||= left > 0 && this.ledger.active;
      }
    }
    return kills;
  }

  doom(place: string): Doom | null {
    for (const { at, rate } of faultsOf(this.plan, 'crash')) {
      if (at !== 'middle') continue;
      const strike = this.ledger.strike('crash/middle', place, rate);
      if (strike === null) continue;
      return { kind: 'crash', afterWrites: strike.dice.int(WRITES_MAX), ...strike };
    }
    for (const { rate, zombie } of faultsOf(this.plan, 'timeout')) {
      const strike = this.ledger.strike('timeout', place, rate);
      if (strike === null) continue;
      const kind = strike.dice.next() < zombie ? 'zombie' : 'freeze';
      const afterWrites = strike.dice.int(WRITES_MAX);
      const happened = () => {
        strike.happened();
        this.ledger.detail(`timeout/${kind}`);
      };
      return { kind, afterWrites, dice: strike.dice, happened };
    }
    return null;
  }

  crashes(at: 'start' | 'end', place: string): boolean {
    return faultsOf(this.plan, 'crash').some(
      (fault) =>
        fault.at === at && this.ledger.strikeNow(`crash/${at}`, place, fault.rate) !== null,
    );
  }

  /** Cuts an answer shorter than it was: a function may report any record up to its first failure. */
  cut(place: string, records: readonly EventRecord[], answer: unknown): unknown {
    for (const { rate } of faultsOf(this.plan, 'cut')) {
      const dice = this.ledger.strikeNow('cut', place, rate);
      if (dice === null) continue;
      const end = firstFailed(records, answer);
      const at = records[dice.int(Math.max(1, end))];
      return { batchItemFailures: [{ itemIdentifier: at?.kinesis.sequenceNumber }] };
    }
    return answer;
  }
}

export function recordsOf(event: unknown): readonly EventRecord[] {
  const records = (event as { Records?: unknown } | null)?.Records;
  const first = Array.isArray(records) ? (records[0] as Partial<EventRecord>) : undefined;
  return first?.kinesis === undefined ? [] : (records as EventRecord[]);
}

function loneOf(records: readonly EventRecord[]): string | null {
  return records.length === 1 ? records[0]!.eventID : null;
}

function firstFailed(records: readonly EventRecord[], answer: unknown): number {
  const failures = (answer as { batchItemFailures?: { itemIdentifier: string }[] } | undefined)
    ?.batchItemFailures;
  const places = (failures ?? []).map(({ itemIdentifier }) =>
    records.findIndex(({ kinesis }) => kinesis.sequenceNumber === itemIdentifier),
  );
  return Math.min(records.length, ...places);
}
