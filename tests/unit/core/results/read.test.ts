import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { fingerprintOf } from '@millrace/core/fold/definition';
import { definitionKey, newestDefinitionKey } from '@millrace/core/fold/key';
import type { Metric } from '@millrace/core/pipeline/pipeline';
import { readDefinitions } from '@millrace/core/results/read';
import { readerKey } from '@millrace/core/results/rows';
import { oneMetric } from '../../../helper/metric';

const named = (name: string, overrides = {}): Metric => ({ ...oneMetric(overrides), name });

describe('readDefinitions', () => {
  const metrics = [named('a'), named('a', { aggregates: ['max'] }), named('a#b'), named('c')];
  const control = createKeyValueStore({ map: createMemoryMap(), table: 'control' });

  beforeAll(async () => {
    for (const [index, metric] of metrics.entries()) {
      const own = definitionKey(metric.name, fingerprintOf(metric));
      await control.put({ ...own, number: index, body: JSON.stringify(metric) });
      await control.put({ ...newestDefinitionKey(metric.name), number: index, def: own.sk });
    }
    await control.put({ pk: 'Q#stream#shard', sk: 'x', body: '{}' });
  });

  it.each([
    ['all', undefined, [0, 1, 2, 3]],
    ['those of one metric, past ones too', ['a'], [0, 1]],
    ['those of names with separators', ['a#b', 'c'], [2, 3]],
    ['none of no metric', [], []],
    ['none of a metric that never was', ['x'], []],
  ])('%s', async (_name, names, expected) => {
    const known = await readDefinitions(control, names);

    const wanted = expected.map((index) => {
      const metric = metrics[index] as Metric;
      return [readerKey(metric.name, fingerprintOf(metric)), metric] as const;
    });
    expect(known).toEqual(new Map(wanted));
  });
});
