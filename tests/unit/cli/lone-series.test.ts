import { readFileSync } from 'node:fs';
import { itemBytes } from '@millrace/adapters/table-item';
import type { KeyValueStore } from '@millrace/core/port';
import { scanAll } from '@millrace/core/results/pages';
import { PRICES } from '../../../cli/src/cost-estimate/prices';
import { run } from '../../../cli/src/main';
import { type Replayed, replayed } from '../../helper/replayed';
import { captureOutput } from './capture-output';

/**
 * What series cost that are seen once, by the meters of the local tables: the table in
 * docs/operations.md, "New series", says it for 1,000 of them a second.
 */
const SERIES = 200;
const PER_SECOND = 1_000;
const SECONDS_A_MONTH = 730 * 3_600;
const START_MS = Date.UTC(2026, 0, 5);
const GB = 1024 ** 3;
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
const ITEM_OVERHEAD_BYTES = 100;
/** A gigabyte for a month, and its recovery to a point in time. */
const STORED_DOLLARS_PER_GB = 0.25 + 0.2;

const PIPELINE = {
  version: 1,
  metrics: {
    requests: {
      ...{ match: { type: 'request' }, series: ['id'], time: 'ts', value: 'ms' },
      window: { type: 'tumbling', size: '1m' },
      aggregates: ['count', 'mean', 'min', 'max'],
      detect: { detector: 'default', on: 'mean' },
    },
  },
};

jest.setTimeout(30_000);

let once: Replayed;
beforeAll(async () => {
  const sent = Array.from({ length: SERIES }, (_, at) => {
    const [id, ts] = [`7f3c0000-0000-4000-8000-${String(at).padStart(12, '0')}`, START_MS + at];
    return { arrivalMs: ts, partitionKey: id, json: { type: 'request', id, ts, ms: at } };
  });
  once = await replayed(sent, PIPELINE);
});

const section =
  /^### New series$.*?(?=^### )/ms.exec(readFileSync('docs/operations.md', 'utf8'))?.[0] ?? '';
/** Cells of a row of the section's table, by its first words. */
const cellsOf = (what: string) =>
  (section.split('\n').find((line) => line.startsWith(`| ${what}`)) ?? '').split('|').slice(2, -1);
const numberIn = (cell = '') => Number(/[\d,.]+\d/.exec(cell)?.[0].replaceAll(',', ''));

test.each([
  ['write units', PRICES.dynamoDbPerMillionWriteUnits, ({ usage }: Replayed) => usage.writeUnits],
  ['read units', PRICES.dynamoDbPerMillionReadUnits, ({ usage }: Replayed) => usage.readUnits],
])('%s are those that the page says', (what, dollarsPerMillion, units) => {
  const [aSecond, aMonth, dollars] = cellsOf(what).map(numberIn);
  const perSecond = (units(once) / SERIES) * PER_SECOND;
  const millions = (perSecond * SECONDS_A_MONTH) / 1e6;

  // The few reads that all series share are more for each of 200 than for each of a million.
  expect(perSecond / (aSecond as number)).toBeCloseTo(1, 1);
  expect(millions / (aMonth as number)).toBeCloseTo(1, 1);
  expect((aMonth as number) * dollarsPerMillion).toBeCloseTo(dollars as number, -1);
});

test.each([
  ['states', 'state'],
  ['rows', 'results'],
] as const)('%s are as large as the page says', async (what, store) => {
  const [, stored = '', dollars] = cellsOf(what);
  const [, millions, bytes, gb] = (
    /([\d,]+) million of ([\d,]+) bytes: ([\d,]+) GB/.exec(stored) ?? []
  ).map((text) => Number(text.replaceAll(',', '')));

  expect((await meanBytes(once.stores[store])) / (bytes as number)).toBeCloseTo(1, 1);
  expect(((millions as number) * 1e6 * (bytes as number)) / GB / (gb as number)).toBeCloseTo(1, 2);
  expect(((gb as number) * STORED_DOLLARS_PER_GB) / numberIn(dollars)).toBeCloseTo(1, 2);
});

test('the estimate of `millrace cost` beside them is what that says', async () => {
  const [, command = '', said] = /`npx millrace (cost [^`]+)` says (.+) USD/.exec(section) ?? [];
  const output = captureOutput();
  const exitCode = await run([...command.split(' '), '--json']);
  output.restore();

  expect(exitCode).toBe(0);
  expect(JSON.parse(output.printed.stdout).dollarsPerMonth / numberIn(said)).toBeCloseTo(1, 2);
});

async function meanBytes(store: KeyValueStore): Promise<number> {
  let [items, bytes] = [0, 0];
  for await (const item of scanAll(store)) {
    items++;
    bytes += itemBytes(item) + ITEM_OVERHEAD_BYTES;
  }
  expect(items).toBe(SERIES);
  return bytes / items;
}
