import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import type { UsageError } from '../../../../cli/src/exit';
import { KINDS } from '../../../../cli/src/replay/faults-fields';
import { parseFaultPlan, readFaultPlan } from '../../../../cli/src/replay/faults-plan';
import { PRESETS } from '../../../../cli/src/replay/faults-presets';
import { faultSchema } from '../../../../cli/src/replay/faults-schema';

const SCHEMA = JSON.parse(readFileSync('docs/reference/faults.schema.json', 'utf8'));
const isValid = new Ajv({ allowUnionTypes: true }).compile(SCHEMA);

function linesOf(json: unknown): readonly string[] {
  try {
    parseFaultPlan(json, 'plan.json');
    return [];
  } catch (error) {
    return (error as UsageError).lines;
  }
}

const fault = (...faults: unknown[]) => ({ version: 1, faults });

it('the committed schema is the one the parser is made from', () => {
  expect(SCHEMA).toEqual(faultSchema());
});

it.each(Object.entries(PRESETS))('preset %s: the parser and the schema take it', (name, preset) => {
  expect(isValid(preset)).toBe(true);
  expect(parseFaultPlan(preset, name)).toMatchObject({ name, calm: 0.3, endAfterMs: 7_200_000 });
});

describe('the plans that docs/reference/faults.md shows', () => {
  const page = readFileSync('docs/reference/faults.md', 'utf8');
  const plans = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text!));

  it.each(plans.map((plan, index) => [index + 1, plan]))('plan %i is one', (index, plan) => {
    expect(() => parseFaultPlan(plan, `plan ${index}`)).not.toThrow();
  });

  it('hold every kind', () => {
    const shown = plans.flatMap(({ faults }) => faults.map(({ kind }: { kind: string }) => kind));

    expect([...new Set(shown)].sort()).toEqual(Object.keys(KINDS).sort());
  });
});

it('durations become milliseconds under the names of the engine', () => {
  const { faults } = parseFaultPlan(
    fault({ kind: 'write', lands: 'late', late: ['1s', '2m'], rate: 0.5 }),
    'plan.json',
  );

  expect(faults).toEqual([{ kind: 'write', lands: 'late', lateMs: [1_000, 120_000], rate: 0.5 }]);
});

describe.each<[string, unknown, string]>([
  ['no object', [], 'plan.json: expected an object, got []'],
  ['another version', { version: 2, faults: [] }, 'plan.json: version: expected 1, got 2'],
  ['no list', { version: 1 }, 'plan.json: faults: expected a list, got nothing'],
  [
    'a rate above 1',
    fault({ kind: 'cut', rate: 2 }),
    'plan.json: faults.0.rate: expected a number from 0 to 1, got 2',
  ],
  [
    'a missing field',
    fault({ kind: 'crash', rate: 0.1 }),
    'plan.json: faults.0.at: expected one of start, middle, end, got nothing',
  ],
  [
    'a field too many',
    fault({ kind: 'cut', rate: 0.1, at: 'end' }),
    'plan.json: faults.0: expected no fields but kind, rate, got "at"',
  ],
  [
    'a range the wrong way round',
    fault({ kind: 'slow', rate: 0.1, delay: ['2s', '1s'] }),
    'plan.json: faults.0.delay: expected two durations, the shorter first, got ["2s","1s"]',
  ],
  [
    'half of a storm',
    fault({ kind: 'throttle', rate: 0.1, every: '1m' }),
    'plan.json: faults.0: expected "every" and "for" together, got {"kind":"throttle","rate":0.1,"every":"1m"}',
  ],
])('given %s', (_name, json, line) => {
  it('says so in one line', () => {
    expect(linesOf(json)).toEqual([line]);
  });
});

it('an unknown kind is told from the known ones', () => {
  expect(linesOf(fault({ kind: 'flood' }))[0]).toMatch(
    /^plan\.json: faults\.0\.kind: expected one of crash, timeout, .*, got "flood"$/,
  );
});

it('all mistakes are listed, one line each', () => {
  expect(linesOf({ version: 0, calm: 'x', faults: [{ kind: 'poison' }] })).toHaveLength(3);
});

it('neither a preset nor a file: the presets are named', async () => {
  await expect(readFaultPlan('typhoon')).rejects.toThrow(
    'millrace replay: --faults: expected a file or one of deploy, reshard, throttle-storm, zombies, outage, auto, expiry, everything, got "typhoon"',
  );
});
