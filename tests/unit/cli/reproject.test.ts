import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import type { RowOutcome, SeriesRow } from '@millrace/adapters/time-series-sink';
import { UnavailableError } from '@millrace/core/error';
import { fingerprintOf } from '@millrace/core/fold/definition';
import { definitionKey, rowKey } from '@millrace/core/fold/key';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import { run } from '../../../cli/src/main';
import {
  type RefusedRow,
  type ReprojectOptions,
  reproject,
} from '../../../cli/src/reproject/reproject';
import { captureOutput } from './capture-output';

const START_MS = Date.UTC(2026, 10, 21, 12);
const MINUTE_MS = 60_000;
const WINDOW = { type: 'tumbling', size: '1m' };
const { pipeline } = parsePipeline({
  version: 1,
  metrics: {
    cpu: { window: WINDOW, aggregates: ['count'] },
    'cpu.idle': { window: WINDOW, aggregates: ['count'] },
  },
});

/** Ten windows of two metrics, an incident, and the definitions as the consumer registers them. */
async function createTables() {
  const map = createMemoryMap();
  const results = createKeyValueStore({ map, table: 'results' });
  const control = createKeyValueStore({ map, table: 'control' });
  for (const metric of pipeline.metrics) {
    const def = fingerprintOf(metric);
    await control.put({ ...definitionKey(metric.name, def), body: JSON.stringify(metric) });
    for (let minute = 0; minute < 10; minute++) {
      const startMs = START_MS + minute * MINUTE_MS;
      const row = { def, epoch: 0, startMs, endMs: startMs + MINUTE_MS, rev: 1, late: 0 };
      const verdict = { score: null, anomaly: false, expected: null, incident: null };
      const key = { metric: metric.name, series: 'a', partitionKey: 'p' };
      const body = JSON.stringify({ ...row, ...verdict, aggregate: [1, minute + 1] });
      await results.put({ ...rowKey(key, startMs), body });
    }
  }
  await results.put({ pk: 'A#cpu#a', sk: `${START_MS}`, body: '{}' });
  return { results, control };
}

type Tables = Awaited<ReturnType<typeof createTables>>;

async function written(tables: Tables, options: Partial<ReprojectOptions> = {}) {
  const rows: SeriesRow[] = [];
  const refused: RefusedRow[] = [];
  const sink = {
    async write(batch: readonly SeriesRow[]): Promise<RowOutcome[]> {
      rows.push(...batch);
      return batch.map(() => ({ kind: 'done' }));
    },
  };
  const range = { fromMs: START_MS, toMs: START_MS + 60 * MINUTE_MS };
  const onRefused = (row: RefusedRow) => refused.push(row);
  const counts = await reproject({ ...tables, sink, ...range, onRefused, ...options });
  return { rows, refused, counts };
}

describe('rows of a range', () => {
  test('all of it: every row once, as the projector writes it; no incident', async () => {
    const { rows, counts } = await written(await createTables());

    expect(counts).toEqual({ items: 21, rows: 20, written: 20, refused: 0 });
    expect(rows[3]).toMatchObject({
      dimensions: { metric: 'cpu', series: 'a', part: 'p' },
      ...{ name: 'cpu', timeMs: START_MS + 3 * MINUTE_MS, version: 1 },
    });
    expect(rows[3]?.measures[0]).toEqual({ name: 'count', kind: 'number', value: 4 });
  });

  test.each<[string, Partial<ReprojectOptions>, readonly number[]]>([
    ['from a window on', { fromMs: START_MS + 8 * MINUTE_MS }, [8, 9, 8, 9]],
    ['from within a window', { fromMs: START_MS + 8 * MINUTE_MS + 1 }, [9, 9]],
    ['to the start of a window', { toMs: START_MS + 2 * MINUTE_MS }, [0, 1, 0, 1]],
    ['to within a window', { toMs: START_MS + MINUTE_MS + 1 }, [0, 1, 0, 1]],
    ['of one metric', { metric: 'cpu', toMs: START_MS + 2 * MINUTE_MS }, [0, 1]],
    ['of a metric nobody has', { metric: 'cp' }, []],
  ])('%s', async (_name, options, minutes) => {
    const { rows } = await written(await createTables(), options);

    expect(rows.map(({ timeMs }) => (timeMs - START_MS) / MINUTE_MS)).toEqual(minutes);
  });

  test('a dry run counts, and writes nothing', async () => {
    const { rows, counts } = await written(await createTables(), { sink: null });

    expect([rows, counts.written]).toEqual([[], 20]);
  });
});

describe('rows that cannot be written', () => {
  test('are named with their reason, and hold up no other', async () => {
    const tables = await createTables();
    const { results, control } = tables;
    await results.put({ pk: 'R#cpu#b', sk: rowKeyText(1), body: '{' });
    const [whole] = await results.getMany([{ pk: 'R#cpu#a', sk: rowKeyText(1) }]);
    const newer = JSON.stringify({ ...JSON.parse(String(whole?.body)), aggregate: [99, 1] });
    await results.put({ pk: 'R#cpu#b', sk: rowKeyText(2), body: newer });
    await control.delete(definitionKey('cpu.idle', fingerprintOf(pipeline.metrics[1]!)));
    const { rows, refused, counts } = await written(tables);

    expect(counts).toMatchObject({ rows: 22, written: 10, refused: 12 });
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(['cpu']));
    expect(new Set(refused.map(({ reason }) => reason.replace(/[0-9a-f]{12}/, 'D')))).toEqual(
      new Set([
        'the row cannot be read',
        'encoded aggregate: version 99, this code knows 2',
        'no definition D of the metric is known',
      ]),
    );
  });

  test('a row that Timestream refuses is counted as such', async () => {
    const write = async (batch: readonly SeriesRow[]): Promise<RowOutcome[]> =>
      batch.map(({ name }) =>
        name === 'cpu' ? { kind: 'refused', reason: 'old' } : { kind: 'done' },
      );
    const { refused, counts } = await written(await createTables(), { sink: { write } });

    expect(counts).toMatchObject({ rows: 20, written: 10, refused: 10 });
    expect(refused[0]).toEqual({ pk: 'R#cpu#a', sk: rowKeyText(0), reason: 'old' });
  });
});

test('a Timestream that is away ends it', async () => {
  const write = async () => {
    throw new UnavailableError('WriteRecords: scripted');
  };

  await expect(written(await createTables(), { sink: { write } })).rejects.toThrow(
    UnavailableError,
  );
});

test('several mistakes of the command line are all listed', async () => {
  const output = captureOutput();
  const args = ['--stack', 's', '--from', 'noon', '--to', '1h', '--endpoint', 'here'];
  const code = await run(['reproject', ...args]).finally(output.restore);

  expect(code).toBe(2);
  expect(output.errorLines()).toEqual([
    expect.stringMatching(/^millrace reproject: --from: expected a time like/),
    expect.stringMatching(/^millrace reproject: --endpoint: expected a URL like/),
  ]);
});

function rowKeyText(minute: number): string {
  const key = { metric: 'cpu', series: 'a', partitionKey: 'p' };
  return rowKey(key, START_MS + minute * MINUTE_MS).sk;
}
