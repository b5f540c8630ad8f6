import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import type { RowView } from '@millrace/core/results/view';
import { run } from '../../../cli/src/main';
import { parseTime } from '../../../cli/src/option-value';
import { follow } from '../../../cli/src/query/follow';
import { type QuerySource, selectIncidents, selectRows } from '../../../cli/src/query/read';
import { rowLines } from '../../../cli/src/query/render';
import { openLocal } from '../../../cli/src/query/source';
import { sparkline } from '../../../cli/src/query/sparkline';
import { captureOutput } from './capture-output';
import { createFolder } from './recording/recording-file';

const folder = createFolder();
const START_MS = Date.UTC(2026, 10, 21, 12);
const MINUTE_MS = 60_000;
const ALL = { metric: null, series: null, fromMs: null, toMs: null };

/** 30 minutes of two series under two partition keys each, replayed into a store on disk. */
function recording(): string {
  const lines: object[] = [{ kind: 'header', v: 1 }];
  let sequence = 0;
  for (let second = 0; second < 1_800; second += 10) {
    for (const [series, p] of [
      ['a', 'p'],
      ['a', 'q'],
      ['b#1', 'p'],
    ]) {
      lines.push({
        s: 'shardId-000000000000',
        q: String(1_000 + sequence++),
        p,
        a: START_MS / 1000 + second,
        j: { series, v: second, t: START_MS + second * 1000 },
      });
    }
  }
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

const pipeline = {
  version: 1,
  metrics: {
    m: {
      ...{ series: ['series'], time: 't', value: 'v', aggregates: ['count', 'max'] },
      window: { type: 'tumbling', size: '1m' },
    },
    other: { window: { type: 'tumbling', size: '10m' }, aggregates: ['count'] },
  },
};

let output: ReturnType<typeof captureOutput>;
const store = () => folder.path('store');

beforeAll(async () => {
  const file = folder.write('r.ndjson', recording());
  const pipelineFile = folder.write('pipeline.json', JSON.stringify(pipeline));
  output = captureOutput();
  const args = ['replay', file, '--partial', '--pipeline', pipelineFile, '--store', store()];
  const code = await run(args);
  output.restore();
  expect([code, output.printed.stderr]).toEqual([0, expect.stringContaining('in 1,080')]);
}, 60_000);
afterAll(folder.remove);

beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

async function queried(...args: string[]): Promise<RowView[]> {
  expect(await run(['query', '--local', store(), '--json', ...args])).toBe(0);
  return JSON.parse(output.printed.stdout);
}

describe('millrace query of a local store', () => {
  test('everything: the rows of every series, parts merged', async () => {
    const rows = await queried();

    expect(rows).toHaveLength(30 + 30 + 3);
    expect(rows[0]).toEqual({
      ...{ metric: 'm', series: 'a' },
      ...{ start: '2026-11-21T12:00:00.000Z', end: '2026-11-21T12:01:00.000Z' },
      ...{ rev: 1, late: 0, count: 12, max: 50, score: null, anomaly: false },
    });
  });

  test.each([
    ['a metric', ['--metric', 'other'], 3],
    ['a series in all its metrics', ['--series', 'b#1'], 30],
    ['a series of a metric', ['--metric', 'm', '--series', 'b#1'], 30],
    ['a time on', ['--metric', 'm', '--series', 'a', '--from', '2026-11-21T12:20Z'], 10],
    ['up to a time, which is not in it', ['--metric', 'm', '--to', '2026-11-21T12:02:00Z'], 4],
    [
      'between two times, by key',
      [
        ...['--metric', 'm', '--series', 'a'],
        ...['--from', '2026-11-21T13:05+01:00', '--to', '2026-11-21T12:07Z'],
      ],
      2,
    ],
    ['the newest', ['--metric', 'm', '--limit', '3'], 6],
    ['the newest, by key', ['--metric', 'm', '--series', 'a', '--limit', '3'], 3],
    ['nothing', ['--metric', 'none'], 0],
  ])('%s', async (_name, args, count) => {
    expect(await queried(...args)).toHaveLength(count);
  });

  test('the newest of a series are its last windows, whole', async () => {
    const rows = await queried('--metric', 'm', '--series', 'a', '--limit', '2');

    expect(rows.map((row) => [Reflect.get(row, 'start'), Reflect.get(row, 'count')])).toEqual([
      ['2026-11-21T12:28:00.000Z', 12],
      ['2026-11-21T12:29:00.000Z', 12],
    ]);
  });

  test('a terminal gets a sparkline and a table of each series', async () => {
    expect(await run(['query', '--local', store(), '--metric', 'm', '--series', 'a'])).toBe(0);

    const lines = output.printed.stdout.split('\n');
    expect(lines[0]).toBe('m of a');
    expect(lines[1]).toMatch(/^ {2}▁[▁-█]{28}█ max$/);
    expect(lines[2]?.trim().split(/ +/)).toEqual(['start', 'count', 'max', 'rev', 'late', 'score']);
    expect(lines.filter((line) => line.startsWith('  2026-'))).toHaveLength(10);
  });

  test.each([
    ['no rows', ['--from', '2030-01-01'], 1, 'millrace query: no rows\n'],
    [
      'a metric that is not there',
      ['--metric', 'none'],
      1,
      'no rows: no metric "none", the pipeline has m, other',
    ],
    ['a misspelt metric', ['--metric', 'othre'], 1, 'no metric "othre"'],
    [
      'incidents of a misspelt metric',
      ['--incidents', '--metric', 'othe'],
      0,
      'no incidents: no metric "othe", did you mean "other"?',
    ],
    ['a wrong time', ['--from', 'noon'], 2, 'millrace query: --from: expected a time like'],
    ['both sources', ['--stack', 's'], 2, 'expected --stack or --local, got both'],
    ['a wrong limit', ['--limit', '0'], 2, 'millrace query: --limit: expected a whole number'],
    ['incidents to follow', ['--incidents', '--follow'], 2, '--follow shows rows'],
    ['some of the incidents', ['--incidents', '--limit', '1'], 2, '--limit: windows of a table'],
    ['some of what follows', ['--follow', '--limit', '1'], 2, '--limit: windows of a table'],
    ['a pace for one look', ['--interval', '2'], 2, '--interval: only with --follow'],
  ])('%s', async (_name, args, code, line) => {
    expect(await run(['query', '--local', store(), ...args])).toBe(code);
    expect(output.errorLines()).toHaveLength(1);
    expect(output.printed.stderr).toContain(line);
  });

  test('a folder without a store is refused', async () => {
    expect(await run(['query', '--local', folder.path('none')])).toBe(2);
    expect(output.printed.stderr).toContain('expected the store of a local run, found none');
  });

  test('following a stack without a key is refused before anything is asked', async () => {
    expect(await run(['query', '--stack', 's', '--metric', 'm', '--follow'])).toBe(2);
    expect(output.printed.stderr).toContain('needs --metric and --series');
  });
});

describe('how the table is read', () => {
  /** Counts calls of the Results table. */
  async function spied() {
    const local = await openLocal(store());
    const calls: string[] = [];
    const results = {
      ...local.results,
      query: async (range: Parameters<typeof local.results.query>[0]) => {
        calls.push(`query ${range.pk}`);
        // DynamoDB's pages end at a megabyte; ours sooner, so that there are several.
        return local.results.query({ ...range, limit: Math.min(7, range.limit ?? 7) });
      },
      scan: async (options?: Parameters<typeof local.results.scan>[0]) => {
        calls.push('scan');
        return local.results.scan({ ...options, limit: 7 });
      },
    };
    return { source: { ...local, results } satisfies QuerySource, calls };
  }

  test('with metric and series by their key, never by a scan', async () => {
    const { source, calls } = await spied();

    const rows = await selectRows(source, { ...ALL, metric: 'm', series: 'b#1' }, Infinity);

    expect(rows).toHaveLength(30);
    expect(new Set(calls)).toEqual(new Set(['query R#m#b%11']));
    expect(calls.length).toBe(5);
  });

  test('no further than the windows asked for', async () => {
    const { source, calls } = await spied();

    expect(await selectRows(source, { ...ALL, metric: 'm', series: 'a' }, 2)).toHaveLength(2);
    expect(calls.length).toBeLessThanOrEqual(2);
  });

  test('page by page without a series', async () => {
    const { source, calls } = await spied();

    expect(await selectRows(source, { ...ALL, metric: 'm' }, Infinity)).toHaveLength(60);
    expect(new Set(calls)).toEqual(new Set(['scan']));
    expect(calls.length).toBeGreaterThan(10);
  });

  test('incidents by their key too', async () => {
    const { source, calls } = await spied();

    expect(await selectIncidents(source, { ...ALL, metric: 'm', series: 'a' })).toEqual([]);
    expect(calls).toEqual(['query A#m#a']);
  });
});

test('following shows each row once, and again when it has a new revision', async () => {
  const local = await openLocal(store());
  const map = createMemoryMap();
  const results = createKeyValueStore({ map, table: 'r' });
  const { items } = await local.results.query({ pk: 'R#m#b%11' });
  const shown: string[] = [];
  let looks = 0;
  const steps = [
    async () => {
      for (const item of items.slice(0, 2)) await results.put(item);
    },
    async () => undefined,
    async () => {
      const [first, , third] = items;
      const body = JSON.parse(String(first?.body));
      await results.put({ ...first!, body: JSON.stringify({ ...body, rev: 2 }) });
      await results.put(third!);
    },
  ];
  await steps[0]?.();

  await follow({
    source: { ...local, results },
    selection: { ...ALL, metric: 'm', series: 'b#1' },
    clock: { nowMs: () => 0, sleep: async () => steps[++looks]?.() },
    everyMs: 1,
    print: ({ startMs, rev }) => shown.push(`${(startMs - START_MS) / MINUTE_MS} rev ${rev}`),
    isOver: () => looks === 3,
  });

  expect(shown).toEqual(['0 rev 1', '1 rev 1', '0 rev 2', '2 rev 1']);
});

describe('sparkline', () => {
  test.each([
    ['rises', [0, 1, 2, 3, 4, 5, 6, 7], '▁▂▃▄▅▆▇█'],
    ['is flat', [5, 5], '▁▁'],
    ['has a gap', [1, null, 2], '▁ █'],
    ['is huge', [-1e308, 1e308], '▁▁'],
    ['is empty', [], ''],
  ])('that %s', (_name, values, expected) => {
    expect(sparkline(values)).toBe(expected);
  });
});

test('a name cannot move the cursor of a terminal', () => {
  const row = {
    ...{ metric: 'm', series: '\u001b[2Jx\n\u202e', startMs: START_MS, endMs: START_MS + 1 },
    ...{ rev: 1, late: 0, values: { count: 1 }, score: null, anomaly: false },
    ...{ expected: null, incident: null },
  };

  const text = rowLines([row], { version: 1, transform: null, metrics: [] }, 10).join('\n');

  expect(text).toContain('m of \\u001b[2Jx\\u000a\\u202e\n');
});

describe('times', () => {
  test.each([
    ['30m', START_MS - 30 * MINUTE_MS],
    ['2026-11-21', Date.UTC(2026, 10, 21)],
    ['2026-11-21T12:00Z', START_MS],
    ['2026-11-21T14:00:00.5+02:00', START_MS + 500],
    ['2026-11-21T12:00', null],
    ['2026-13-01', null],
    ['yesterday', null],
  ])('%s', (text, expected) => {
    expect(parseTime(text, START_MS)).toBe(expected);
  });
});
