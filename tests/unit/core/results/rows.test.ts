import { planAggregates } from '@millrace/core/aggregate/plan';
import { fingerprintOf } from '@millrace/core/fold/definition';
import { rowKey } from '@millrace/core/fold/key';
import type { RowOutput } from '@millrace/core/fold/state';
import type { Metric } from '@millrace/core/pipeline/pipeline';
import type { Item } from '@millrace/core/port';
import { mergeRows, readerKey } from '@millrace/core/results/rows';
import { oneMetric } from '../../../helper/metric';

const SUMS = oneMetric();
const PEAKS = oneMetric({ aggregates: ['max'] });
const KNOWN = new Map([SUMS, PEAKS].map((m) => [readerKey(m.name, fingerprintOf(m)), m]));

/** A row item of the window from 0 to 1 minute, as the commit of one partition key wrote it. */
function part(
  partitionKey: string,
  metric: Metric,
  values: number[],
  row: Partial<RowOutput>,
): Item {
  const plan = planAggregates(metric.aggregates);
  const window = plan.create();
  for (const value of values) plan.add(window, [value], 0);
  const output: RowOutput = {
    ...{ def: fingerprintOf(metric), epoch: 0, startMs: 0, endMs: 60_000, rev: 1, late: 0 },
    aggregate: plan.encode(window),
    ...{ score: null, anomaly: false, expected: null, incident: null },
    ...row,
  };
  const key = rowKey({ metric: 'm', partitionKey, series: 's' }, 0);
  return { ...key, body: JSON.stringify(output) };
}

const rowsOf = (items: readonly Item[]) =>
  mergeRows(items, { version: 1, transform: null, metrics: [PEAKS] }, KNOWN).map(
    ({ values, rev }) => ({ values, rev }),
  );

describe('one window under several partition keys', () => {
  it.each([
    [
      'two definitions: the newer number is the row, whatever the epochs of their keys',
      [part('p', SUMS, [1], { dn: 1, epoch: 5 }), part('q', PEAKS, [7], { dn: 2, epoch: 0 })],
      [{ values: { max: 7 }, rev: 1 }],
    ],
    [
      'parts of the newest definition are joined, those of an older one left out',
      [
        part('p', PEAKS, [3], { dn: 2, epoch: 1 }),
        part('q', SUMS, [1], { dn: 1, epoch: 4 }),
        part('r', PEAKS, [9], { dn: 2, epoch: 0, rev: 3 }),
      ],
      [{ values: { max: 9 }, rev: 3 }],
    ],
    [
      'a definition that was rolled back to: its parts of both numbers are one row',
      [
        part('p', SUMS, [1], { dn: 1 }),
        part('q', PEAKS, [7], { dn: 2 }),
        part('r', SUMS, [2], { dn: 3 }),
      ],
      [{ values: { count: 2, sum: 3 }, rev: 1 }],
    ],
    [
      'rows from before they had the number: the higher epoch is the row',
      [part('p', SUMS, [1], { epoch: 0 }), part('q', PEAKS, [7], { epoch: 1 })],
      [{ values: { max: 7 }, rev: 1 }],
    ],
    [
      'an old row without the number is older than one that has it',
      [part('p', SUMS, [1], { epoch: 9 }), part('q', PEAKS, [7], { dn: 2, epoch: 0 })],
      [{ values: { max: 7 }, rev: 1 }],
    ],
    [
      'one definition, one part with the number and one without',
      [part('p', PEAKS, [1], {}), part('q', PEAKS, [7], { dn: 1 })],
      [{ values: { max: 7 }, rev: 1 }],
    ],
  ])('%s', (_name, items, expected) => {
    expect(rowsOf(items)).toEqual(expected);
    expect(rowsOf(items.toReversed())).toEqual(expected);
  });
});
