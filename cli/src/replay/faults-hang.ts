import { createHash } from 'node:crypto';
import { jsonText } from '@millrace/core/json/write-json';
import type { JsonRecord, Transform, Transforms } from '@millrace/core/pipeline/pipeline';
import {
  type TimeLimit,
  TimeLimitError,
  TRANSFORMS_RECORD_MS_MAX,
} from '@millrace/core/record/time-limit';
import { diceFor } from '@millrace/engine/fault/dice';
import { type FaultPlan, faultsOf } from '@millrace/engine/fault/plan';

/** The user's code as the handlers run it. */
export interface UserCode {
  readonly transforms: Transforms;
  readonly timeLimit: TimeLimit;
}

/**
 * Transforms that do not return for some records, by what is in them: whatever brings a record again, it
 * hangs again. The limit does not wait for them. It throws what the real one throws when its time is over,
 * and its own clock moves by that time, so that the same seed gives the same run.
 */
export class HangingCode implements UserCode {
  readonly transforms: Transforms;
  readonly timeLimit: TimeLimit;
  /** Names of the faults that were met, each once. */
  readonly met = new Set<string>();
  readonly #plan: FaultPlan;
  readonly #seed: number;
  #nowMs = 0;
  #isAlone = false;
  #isHanging = false;

  constructor(plan: FaultPlan, seed: number, transforms: Transforms) {
    this.#plan = plan;
    this.#seed = seed;
    this.transforms = new Map(
      [...transforms].map(([name, transform]) => [name, this.#around(transform)]),
    );
    this.timeLimit = {
      run: (work, limitMs) => this.#run(work, limitMs),
      nowMs: () => this.#nowMs,
    };
  }

  /** Whether a transform never returns for this record; `once` = only while others run with it. */
  hangs(record: JsonRecord): 'always' | 'once' | null {
    for (const { rate, sometimes = 0 } of faultsOf(this.#plan, 'hang')) {
      const place = createHash('sha256').update(jsonText(record)).digest('hex').slice(0, 16);
      const dice = diceFor(this.#seed, `hang ${place}`);
      if (dice.next() >= rate) continue;
      const isOnce = dice.next() < sometimes;
      const name = `${isOnce ? 'hang/once' : 'hang'} ${place}`;
      if (!(this.#plan.only?.includes(name) ?? true)) continue;
      this.met.add(name);
      return isOnce ? 'once' : 'always';
    }
    return null;
  }

  #around(transform: Transform): Transform {
    return (record) => {
      const when = this.hangs(record);
      if (when === null || (when === 'once' && this.#isAlone)) return transform(record);
      this.#isHanging = true;
      return null;
    };
  }

  /** What runs on behind the transform that hangs is thrown away, as if it had never been reached. */
  #run<T>(work: () => T, limitMs: number): T {
    this.#isAlone = limitMs <= TRANSFORMS_RECORD_MS_MAX;
    this.#isHanging = false;
    let value: T;
    try {
      value = work();
    } catch (error) {
      if (!this.#isHanging) throw error;
      return this.#over(limitMs);
    }
    return this.#isHanging ? this.#over(limitMs) : value;
  }

  #over(limitMs: number): never {
    this.#nowMs += limitMs;
    throw new TimeLimitError(`not over within ${limitMs} ms`);
  }
}
