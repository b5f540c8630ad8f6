import { readFile } from 'node:fs/promises';
import type { FaultPlan, PlannedFault } from '@millrace/engine/fault/plan';
import { isSystemError, UsageError } from '../exit';
import { ENGINE_NAMES, type Field, KINDS } from './faults-fields';
import { PRESETS } from './faults-presets';

/** Share of the invocations left alone, so that a run makes progress. */
const CALM_DEFAULT = 0.3;
/** Faults end so long after the last record. */
const END_AFTER_DEFAULT = '2h';
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
const DURATION = /^(0|[1-9]\d{0,8})(ms|s|m|h|d)$/;

/**
 * A preset by its name, or a plan from a JSON file.
 * @throws UsageError with one line per mistake
 */
export async function readFaultPlan(nameOrPath: string): Promise<FaultPlan> {
  const preset = PRESETS[nameOrPath];
  if (preset !== undefined) return parseFaultPlan(preset, nameOrPath);
  let text: string;
  try {
    text = await readFile(nameOrPath, 'utf8');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const presets = Object.keys(PRESETS).join(', ');
    throw new UsageError(
      `millrace replay: --faults: expected a file or one of ${presets}, got ${JSON.stringify(nameOrPath)}`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${nameOrPath}: expected JSON: ${(error as Error).message}`);
  }
  return parseFaultPlan(json, nameOrPath);
}

/** @throws UsageError with one line per mistake */
export function parseFaultPlan(json: unknown, name: string): FaultPlan {
  const problems: string[] = [];
  const plan = new Reading(name, problems).plan(json);
  if (problems.length > 0) throw new UsageError(problems);
  return plan;
}

const NOTHING: FaultPlan = { name: '', calm: 1, endAfterMs: 0, faults: [] };

class Reading {
  private readonly name: string;
  private readonly problems: string[];

  constructor(name: string, problems: string[]) {
    this.name = name;
    this.problems = problems;
  }

  plan(json: unknown): FaultPlan {
    const plan = this.object('', json, ['version', 'calm', 'endAfter', 'faults', 'only']);
    if (this.problems.length > 0 && Object.keys(plan).length === 0) return NOTHING;
    if (plan.version !== 1) this.refuse('version', '1', plan.version);
    const only = plan.only as readonly string[] | undefined;
    if (only !== undefined && !(Array.isArray(only) && only.every((n) => typeof n === 'string'))) {
      this.refuse('only', 'a list of names of faults', only);
    }
    if (!Array.isArray(plan.faults)) this.refuse('faults', 'a list', plan.faults);
    const faults = Array.isArray(plan.faults) ? (plan.faults as unknown[]) : [];
    return {
      name: this.name,
      calm: this.value('calm', { type: 'rate' }, plan.calm ?? CALM_DEFAULT) as number,
      endAfterMs: this.value(
        'endAfter',
        { type: 'duration' },
        plan.endAfter ?? END_AFTER_DEFAULT,
      ) as number,
      faults: faults.map((fault, index) => this.fault(`faults.${index}`, fault)),
      ...(only === undefined ? {} : { only }),
    };
  }

  private fault(at: string, json: unknown): PlannedFault {
    const kind = (json as { kind?: unknown } | null)?.kind;
    const spec = typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
    if (spec === undefined) {
      this.refuse(`${at}.kind`, `one of ${Object.keys(KINDS).join(', ')}`, kind);
      return { kind: 'expire-state' };
    }
    const given = this.object(at, json, ['kind', ...Object.keys(spec.fields)]);
    const fault: Record<string, unknown> = { kind };
    for (const [name, field] of Object.entries(spec.fields)) {
      if (given[name] === undefined && 'optional' in field) continue;
      fault[ENGINE_NAMES[name] ?? name] = this.value(`${at}.${name}`, field, given[name]);
    }
    if ('every' in given !== 'for' in given && 'every' in spec.fields) {
      this.refuse(at, '"every" and "for" together', given);
    }
    return fault as unknown as PlannedFault;
  }

  private value(at: string, field: Field, got: unknown): unknown {
    switch (field.type) {
      case 'rate':
        return typeof got === 'number' && got >= 0 && got <= 1
          ? got
          : this.refuse(at, 'a number from 0 to 1', got);
      case 'count':
        return this.count(at, got, 1, field.max);
      case 'duration':
        return this.duration(at, got);
      case 'durations':
        return this.pair(at, got, 'two durations, the shorter first', (end) =>
          this.duration(at, end),
        );
      case 'counts':
        return this.pair(at, got, 'two numbers, the smaller first', (end) =>
          this.count(at, end, field.min, field.max),
        );
      case 'lanes':
        if (!Array.isArray(got) || got.length === 0)
          return this.refuse(at, 'a list of 1 to 10', got);
        return got.map((lanes) => this.count(at, lanes, 1, 10));
      case 'flag':
        return typeof got === 'boolean' ? got : this.refuse(at, 'true or false', got);
      case 'choice':
        return field.of.includes(got as string)
          ? got
          : this.refuse(at, `one of ${field.of.join(', ')}`, got);
    }
  }

  private pair(at: string, got: unknown, expected: string, read: (end: unknown) => unknown) {
    if (!Array.isArray(got) || got.length !== 2) return this.refuse(at, expected, got);
    const [min, max] = got.map(read) as [number, number];
    return min <= max ? [min, max] : this.refuse(at, expected, got);
  }

  private count(at: string, got: unknown, min: number, max: number): unknown {
    const good = Number.isInteger(got) && (got as number) >= min && (got as number) <= max;
    return good ? got : this.refuse(at, `a whole number from ${min} to ${max}`, got);
  }

  private duration(at: string, got: unknown): number {
    const [, amount, unit] = typeof got === 'string' ? (DURATION.exec(got) ?? []) : [];
    if (unit !== undefined) return Number(amount) * (UNIT_MS[unit] as number);
    return this.refuse(at, 'a duration like "10s"', got);
  }

  private object(at: string, got: unknown, names: readonly string[]): Record<string, unknown> {
    if (typeof got !== 'object' || got === null || Array.isArray(got)) {
      this.refuse(at, 'an object', got);
      return {};
    }
    const extra = Object.keys(got).find((name) => !names.includes(name));
    if (extra !== undefined) this.refuse(at, `no fields but ${names.join(', ')}`, extra);
    return got as Record<string, unknown>;
  }

  private refuse(at: string, expected: string, got: unknown): number {
    const found = got === undefined ? 'nothing' : JSON.stringify(got);
    const where = at === '' ? this.name : `${this.name}: ${at}`;
    this.problems.push(`${where}: expected ${expected}, got ${found}`);
    return 0;
  }
}
