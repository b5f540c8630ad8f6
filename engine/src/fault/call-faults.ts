import { UnavailableError } from '@millrace/core/error';
import type { EffectCall, Fault } from '../effect';
import type { Scheduler } from '../scheduler';
import { InjectedCrash, type Invocation } from './invocation';
import type { Ledger } from './ledger';
import { type CallFault, type FaultPlan, faultsOf, type Range } from './plan';

/** Carries what the caller is told in place of what is true. */
export class FalseAnswer extends Error {
  readonly answer: unknown;

  constructor(answer: unknown) {
    super('a false answer');
    this.answer = answer;
  }
}

const READS = new Set(['getMany', 'query', 'scan', 'get', 'list']);
const LATE_MS: Range = [1_000, 300_000];
/** A call and what follows on it take no longer. */
const SETTLE_MS = 60_000;

/** An interval in which a port answers nothing but errors. */
export interface Outage {
  readonly port: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface CallFaults {
  /** What goes wrong with one call of an invocation, if anything. */
  plan(call: EffectCall, invocation: Invocation): Fault | undefined;
}

export function createCallFaults(
  plan: FaultPlan,
  ledger: Ledger,
  scheduler: Scheduler,
  outages: readonly Outage[],
): CallFaults {
  const startMs = scheduler.nowMs;
  const kinds = ['write', 'conflict', 'throttle', 'slow'] as const;
  const perCall = kinds.flatMap((kind) => faultsOf(plan, kind) as readonly CallFault[]);
  const rejections = faultsOf(plan, 'reject');
  const ticks = faultsOf(plan, 'tick');
  const rejectedUntilMs = new Map<string, number>();

  const down = ({ port }: EffectCall) =>
    outages.some((o) => o.port === port && scheduler.nowMs >= o.fromMs && scheduler.nowMs < o.toMs);

  /** Some items are refused from their first write on, for a while; their neighbours are not. */
  function rejected(call: EffectCall, place: string): boolean {
    for (const fault of rejections) {
      if (fault.port !== call.port || READS.has(call.method)) continue;
      let untilMs = rejectedUntilMs.get(place);
      if (untilMs === undefined) {
        const struck = ledger.strikeNow('reject', place, fault.rate) !== null;
        untilMs = struck ? scheduler.nowMs + fault.forMs : 0;
        rejectedUntilMs.set(place, untilMs);
      }
      if (scheduler.nowMs < untilMs) return true;
    }
    return false;
  }

  function late(dice: { between(range: Range): number }, range: Range = LATE_MS) {
    const afterMs = dice.between(range);
    ledger.busyUntil(scheduler.nowMs + afterMs + SETTLE_MS);
    return { afterMs };
  }

  function doomed(call: EffectCall, invocation: Invocation): Fault | undefined {
    const { doom } = invocation;
    if (doom === null || READS.has(call.method)) return undefined;
    if (invocation.writes++ !== doom.afterWrites) return undefined;
    doom.happened();
    const { dice } = doom;
    if (doom.kind === 'crash') {
      const lands = (['never', 'before', late(dice)] as const)[dice.int(3)]!;
      return { error: new InjectedCrash(`at ${call.port}.${call.method}`), lands };
    }
    const remainingMs = invocation.context.getRemainingTimeInMillis();
    if (doom.kind === 'freeze') {
      scheduler.at(scheduler.nowMs + remainingMs, () => {
        invocation.die(new InjectedCrash('frozen at its time-out'));
      });
    }
    return { delayMs: remainingMs + late(dice).afterMs };
  }

  function one(fault: CallFault, call: EffectCall, place: string): Fault | undefined {
    if (fault.kind === 'reject' || (fault.port ?? call.port) !== call.port) return undefined;
    if (fault.kind === 'throttle') {
      const { everyMs = 1, forMs = 1 } = fault;
      if ((scheduler.nowMs - startMs) % everyMs >= forMs) return undefined;
      if (ledger.strikeNow('throttle', place, fault.rate) === null) return undefined;
      return { error: new UnavailableError(`${call.port} is throttled`), lands: 'never' };
    }
    if (fault.kind === 'slow') {
      const dice = ledger.strikeNow('slow', place, fault.rate);
      if (dice === null) return undefined;
      const delayMs = dice.between(fault.delayMs);
      ledger.busyUntil(scheduler.nowMs + delayMs + SETTLE_MS);
      return { delayMs };
    }
    if (READS.has(call.method)) return undefined;
    if (fault.kind === 'conflict') {
      const refusal = refusalOf(call);
      if (refusal === undefined) return undefined;
      if (ledger.strikeNow('conflict', place, fault.rate) === null) return undefined;
      // DynamoDB refuses only what an earlier, landed try of the same write has made untrue.
      return { error: new FalseAnswer(refusal), lands: 'before' };
    }
    const dice = ledger.strikeNow(`write/${fault.lands}`, place, fault.rate);
    if (dice === null) return undefined;
    const lands = fault.lands === 'late' ? late(dice, fault.lateMs) : fault.lands;
    return { error: new UnavailableError(`no answer from ${call.port}`), lands };
  }

  function tick(call: EffectCall, place: string): Fault | undefined {
    if (call.port !== 'stream') return undefined;
    for (const { lost } of ticks) {
      if (ledger.strikeNow('tick/lost', place, lost) === null) continue;
      return { error: new FalseAnswer(undefined), lands: 'never' };
    }
    return undefined;
  }

  return {
    plan(call, invocation) {
      const place = placeOf(call);
      if (down(call)) return { error: new UnavailableError(`${call.port} is down`) };
      if (rejected(call, place)) return { error: new UnavailableError(`${call.port} refuses it`) };
      const end = doomed(call, invocation);
      if (end !== undefined) return end;
      if (invocation.calm) return undefined;
      for (const fault of perCall) {
        const found = one(fault, call, place);
        if (found === undefined) continue;
        const kind = fault.kind === 'write' ? `write/${fault.lands}` : fault.kind;
        ledger.detail(`${kind} ${call.port}`);
        return found;
      }
      return tick(call, place);
    },
  };
}

/** `results.put R#m#s 0123`: stable however the run goes on, so that a fault keeps its name. */
function placeOf({ port, method, args }: EffectCall): string {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0];
  const key = first as { pk?: string; sk?: string; partitionKey?: string } | string | undefined;
  const text =
    typeof key === 'string' ? key : [key?.pk ?? key?.partitionKey, key?.sk].join(' ').trim();
  return `${port}.${method} ${text}`;
}

/** What a conditional write answers when it is refused; undefined for any other call. */
function refusalOf({ method, args }: EffectCall): string | undefined {
  if (method === 'create') return 'exists';
  const condition = { put: args[1], update: args[2] }[method];
  return condition === undefined ? undefined : 'conflict';
}
