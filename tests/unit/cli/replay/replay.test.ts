import { readdirSync, readFileSync } from 'node:fs';
import { run } from '../../../../cli/src/main';
import { recordLine } from '../../../../cli/src/recording/write';
import { captureOutput } from '../capture-output';
import { createFolder, HEADER, recordingText } from '../recording/recording-file';
import { aggregateRecord } from './aggregate-record';

const folder = createFolder();
afterAll(folder.remove);

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

const START_MS = Date.UTC(2026, 0, 5);
const FILES = ['accounting.json', 'incidents.ndjson', 'quarantine.ndjson', 'rows.ndjson'];

const PIPELINE = folder.write(
  'pipeline.json',
  JSON.stringify({
    version: 1,
    metrics: {
      temperature: {
        match: { type: 'reading' },
        series: ['sensor'],
        time: 'ts',
        value: 'celsius',
        window: { type: 'tumbling', size: '1m' },
        outOfOrderness: '10s',
        allowedLateness: '30s',
        idleClose: '2m',
        dedupe: { by: 'eventId', path: 'id' },
        aggregates: ['count', 'mean', 'max'],
      },
    },
  }),
);

let sequence = 0;

/** A line that arrives `atSeconds` behind the start. */
function at(
  atSeconds: number,
  partitionKey: string,
  payload: object | string,
  shard = 's0',
): string {
  sequence += 1;
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return recordLine({
    shard,
    sequence: String(sequence),
    partitionKey,
    arrivalMs: START_MS + atSeconds * 1000,
    bytes: Buffer.from(text),
  });
}

/** A reading whose event time is `seconds` behind the start. */
function reading(sensor: string, seconds: number, celsius: unknown, id?: string) {
  return { type: 'reading', sensor, ts: START_MS + seconds * 1000, celsius, id };
}

/*
 *  minute     0           1           2           3          5
 *  oven       10 30       50  dup                             (late, for minute 0)
 *  hall       5           no number, not JSON, another type
 */
const LINES = [
  at(1, 'oven', reading('oven', 0, 10, 'a')),
  at(2, 'hall', reading('hall', 1, 5)),
  at(31, 'oven', reading('oven', 30, 30, 'b')),
  at(61, 'oven', reading('oven', 60, 50, 'c')),
  at(62, 'oven', reading('oven', 60, 50, 'c')),
  at(63, 'hall', reading('hall', 61, 'warm')),
  at(64, 'hall', 'not json'),
  at(65, 'hall', { type: 'other' }),
  at(170, 'oven', reading('oven', 170, 70, 'd')),
  at(171, 'oven', reading('oven', 20, 90, 'e')),
];
const RECORDING = folder.write('readings.ndjson', recordingText(LINES));

function replay(...args: string[]): Promise<number> {
  return run(['replay', RECORDING, '--pipeline', PIPELINE, ...args]);
}

function files(out: string): Record<string, string> {
  const entries = FILES.map((name) => [name, readFileSync(`${out}/${name}`, 'utf8')]);
  return Object.fromEntries(entries);
}

function documents(text: string | undefined): Record<string, unknown>[] {
  const lines = (text ?? '').split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}

describe('millrace replay', () => {
  it('gives rows, quarantine and an accounting that adds up', async () => {
    const out = folder.path('out');

    expect(await replay('--out', out)).toBe(0);

    const written = files(out);
    expect(readdirSync(out).sort()).toEqual(FILES);
    const minute = (index: number) => new Date(START_MS + index * 60_000).toISOString();
    const row = (series: string, index: number, values: object) => ({
      metric: 'temperature',
      series,
      start: minute(index),
      end: minute(index + 1),
      rev: 1,
      late: 0,
      ...values,
      score: null,
      anomaly: false,
    });
    expect(documents(written['rows.ndjson'])).toEqual([
      row('hall', 0, { count: 1, mean: 5, max: 5 }),
      row('oven', 0, { count: 2, mean: 20, max: 30 }),
      row('oven', 1, { count: 1, mean: 50, max: 50 }),
      row('oven', 2, { count: 1, mean: 70, max: 70 }),
    ]);
    expect(documents(written['accounting.json'])).toEqual([
      {
        records: 10,
        in: 10,
        applied: 5,
        late: 1,
        duplicate: 1,
        invalid: 2,
        unmatched: 1,
        redelivered: 0,
        revised: 0,
        dedupeOverflow: 0,
      },
    ]);
    const refused = documents(written['quarantine.ndjson']).map(({ reason, data, arrival }) => [
      reason,
      Buffer.from(String(data), 'base64').toString(),
      arrival,
    ]);
    expect(refused).toEqual([
      ['value', JSON.stringify(reading('hall', 61, 'warm')), '2026-01-05T00:01:03.000Z'],
      ['json', 'not json', '2026-01-05T00:01:04.000Z'],
      ['late', JSON.stringify(reading('oven', 20, 90, 'e')), '2026-01-05T00:02:51.000Z'],
    ]);
    expect(output.printed.stdout).toBe('');
    expect(output.errorLines()).toContain(
      'in 10 = applied 5 + late 1 + duplicate 1 + invalid 2 + unmatched 1',
    );
  });

  it('writes the same bytes for the same seed, and the same rows for any other', async () => {
    const [first, again, other] = ['first', 'again', 'other'].map(folder.path) as [
      string,
      string,
      string,
    ];
    await replay('--out', first, '--seed', '7');
    await replay('--out', again, '--seed', '7');
    await replay('--out', other, '--seed', '8');

    expect(files(again)).toEqual(files(first));
    expect(files(other)['rows.ndjson']).toBe(files(first)['rows.ndjson']);
  });

  it.each([
    [['--shards', '4']],
    [['--parallelization', '10', '--batch-size', '1']],
    [['--shards', '1', '--parallelization', '1', '--batch-size', '10000']],
  ])('gives the same rows with %p', async (args) => {
    const [plain, changed] = ['plain', 'changed'].map(folder.path) as [string, string];
    await replay('--out', plain);

    expect(await replay('--out', changed, ...args)).toBe(0);

    expect(files(changed)['rows.ndjson']).toBe(files(plain)['rows.ndjson']);
  });

  it('prints one JSON document with --json and no summary', async () => {
    expect(await replay('--json')).toBe(0);

    expect(JSON.parse(output.printed.stdout)).toMatchObject({
      in: 10,
      applied: 5,
      rows: 4,
      out: null,
    });
    expect(output.printed.stderr).toBe('');
  });

  it('answers nothing in = nothing out for a recording without records', async () => {
    const empty = folder.write('empty.ndjson', recordingText([]));
    const out = folder.path('nothing');

    expect(await run(['replay', empty, '--pipeline', PIPELINE, '--out', out])).toBe(0);

    expect(files(out)['rows.ndjson']).toBe('');
    expect(output.errorLines()).toContain('in 0 = applied 0 + late 0 + duplicate 0 + invalid 0');
  });

  it('reads a child shard after its parent, also when the parent is stuck far behind', async () => {
    const shards = [{ id: 'p' }, { id: 'c', parent: 'p' }];
    const header = JSON.stringify({ kind: 'header', v: 1, shards });
    const lines = [
      at(100, 'oven', reading('oven', 100, 1), 'p'),
      at(1, 'oven', reading('oven', 1, 2), 'c'),
    ];
    const path = folder.write('family.ndjson', recordingText(lines, header));

    expect(await run(['replay', path, '--pipeline', PIPELINE, '--json'])).toBe(0);
    // The child's record is behind the watermark of 90 s when it is read at last.
    expect(JSON.parse(output.printed.stdout)).toMatchObject({ applied: 1, late: 1 });
  });

  it('passes broken base64 on to the consumer, which refuses it', async () => {
    const line = '{"s":"s0","q":"1","p":"k","a":1,"d":"!!"}';
    const path = folder.write('base64.ndjson', recordingText([line]));
    const out = folder.path('base64');

    expect(await run(['replay', path, '--pipeline', PIPELINE, '--out', out])).toBe(0);

    expect(documents(files(out)['quarantine.ndjson'])).toMatchObject([{ reason: 'base64' }]);
  });

  describe('with a record that no invocation can hold', () => {
    const big = Buffer.alloc(5_000_000, 0x20).toString('base64');
    const line = (sequence: number, data: object) =>
      JSON.stringify({ s: 's0', q: String(sequence), p: 'k', a: START_MS / 1000, ...data });
    const lines = [
      line(1, { j: reading('k', 0, 1) }),
      line(2, { d: big }),
      line(3, { j: reading('k', 1, 1) }),
    ];
    const path = folder.write('oversize.ndjson', recordingText(lines));

    it('counts it as invalid, and the quarantine says where it is', async () => {
      const store = folder.path('oversize-store');
      const args = ['replay', path, '--pipeline', PIPELINE, '--store', store, '--json'];
      expect(await run(args)).toBe(0);
      expect(JSON.parse(output.printed.stdout)).toMatchObject({ in: 3, applied: 2, invalid: 1 });

      output.printed.stdout = '';
      expect(await run(['quarantine', 'list', '--local', store])).toBe(0);
      expect(output.printed.stdout).toMatch(/RecordTooLarge\s+s0\/2\s+aws\/lambda\//);
      expect(output.printed.stderr).toContain('its bytes are in the stream alone');
    });

    it('says so under its summary; show finds it by its position, and redrive tells of it', async () => {
      const store = folder.path('oversize-shown');
      await run(['replay', path, '--pipeline', PIPELINE, '--store', store]);
      expect(output.printed.stderr).toContain('1 invalid: RecordTooLarge: more than an invocation');

      const show = (id: string) => run(['quarantine', 'show', id, '--local', store]);
      output.printed.stderr = '';
      expect(await show('Stream/s0/2')).toBe(0);
      expect(output.printed.stderr).toMatch(/RecordTooLarge\s+s0\/2\s+aws\/lambda\//);
      expect(await show('Stream/s0/3')).toBe(1);
      expect(await show('Stream/s0/x')).toBe(1);
      expect(await show('Stream/s1/2')).toBe(1);

      output.printed.stderr = '';
      const args = ['redrive', '--local', store, '--dry-run', '--pipeline', PIPELINE];
      expect(await run(args)).toBe(0);
      expect(output.printed.stdout).toContain('0 records: 0 would be put');
      expect(output.printed.stderr).toContain('1 record never reached the function');
    });
  });

  describe('with records that have no partition key', () => {
    const line = (sequence: number, p: string | null) =>
      JSON.stringify({
        s: 's0',
        q: String(sequence),
        p,
        a: START_MS / 1000,
        j: reading('k', 0, 1),
      });
    const path = folder.write('unkeyed.ndjson', recordingText([line(1, null), line(2, 'k')]));

    it('counts them, and says so then and when their rows are shown', async () => {
      const store = folder.path('unkeyed-store');
      const args = ['replay', path, '--pipeline', PIPELINE, '--store', store, '--json'];
      expect(await run(args)).toBe(0);
      expect(JSON.parse(output.printed.stdout)).toMatchObject({ in: 2, applied: 2 });
      expect(output.printed.stderr).toContain('came without a partition key');

      output.printed.stderr = '';
      expect(await run(['query', '--local', store])).toBe(0);
      expect(output.printed.stderr).toMatch(/warning: records of series "k".*have no order/);
    });
  });

  describe('with aggregated records', () => {
    const users = ['oven', 'hall'].map((key) => ({
      key,
      text: JSON.stringify(reading(key, 0, 1)),
    }));
    const line = recordLine({
      shard: 's0',
      sequence: '1',
      partitionKey: 'oven',
      arrivalMs: START_MS,
      bytes: aggregateRecord(users),
    });
    const path = folder.write('aggregated.ndjson', recordingText([line]));

    it.each([[[]], [['--parallelization', '1']], [['--parallelization', '10']]])(
      'applies each of their user records, with %j',
      async (lanes) => {
        expect(await run(['replay', path, '--pipeline', PIPELINE, '--json', ...lanes])).toBe(0);

        expect(JSON.parse(output.printed.stdout)).toMatchObject({ records: 1, in: 2, applied: 2 });
        expect(output.printed.stderr).not.toContain('warning');
      },
    );
  });
});

describe('millrace replay refuses', () => {
  it('a recording that was cut off, unless --partial', async () => {
    const path = folder.write('cut.ndjson', `${HEADER}\n${LINES[0]}\n`);
    const args = ['replay', path, '--pipeline', PIPELINE, '--json'];

    expect(await run(args)).toBe(2);
    expect(output.errorLines()).toEqual([
      `${path}: line 3: expected the trailer {"kind":"end",…}, got the end of the file (--partial reads it anyway)`,
    ]);
    expect(await run([...args, '--partial'])).toBe(0);
    expect(JSON.parse(output.printed.stdout)).toMatchObject({ records: 1 });
  });

  it.each([
    [
      'a missing recording',
      [folder.path('none.ndjson'), '--pipeline', PIPELINE],
      'got no such file',
    ],
    ['a missing pipeline', [RECORDING, '--pipeline', folder.path('none.json')], 'got no such file'],
    [
      'a folder of somebody else',
      [RECORDING, '--pipeline', PIPELINE, '--out', folder.path('')],
      '--out: expected a new',
    ],
  ])('%s', async (_name, args, expected) => {
    expect(await run(['replay', ...args])).toBe(2);
    expect(output.errorLines()).toEqual([expect.stringContaining(expected)]);
  });
});

describe('a store that millrace replay keeps', () => {
  it.each([
    ['the stream of the header', 'orders', 'orders/s0/'],
    ['the stream of the template, where a stream cannot be called so', 'a/b', 'Stream/s0/'],
  ])('names its quarantine after %s', async (_name, stream, prefix) => {
    const header = JSON.stringify({ kind: 'header', v: 1, stream });
    const recording = folder.write('named.ndjson', recordingText([at(1, 'k', 'no json')], header));
    const store = folder.path(`store-of-${prefix.replaceAll('/', '-')}`);
    expect(await run(['replay', recording, '--pipeline', PIPELINE, '--store', store])).toBe(0);

    expect(await run(['quarantine', 'list', '--local', store, '--json'])).toBe(0);
    const [entry] = JSON.parse(output.printed.stdout).entries;
    expect(entry.id).toBe(`${prefix}${sequence}.0`);
    expect(await run(['quarantine', 'show', entry.id, '--local', store])).toBe(0);
    expect(output.printed.stdout).toMatch(/no json$/);
  });
});

describe('a store that is there already', () => {
  const replayInto = (recording: string, store: string, ...more: string[]) =>
    run(['replay', recording, '--pipeline', PIPELINE, '--store', store, ...more]);

  it('is not thrown away unasked: it may hold what was refused, and what was redriven', async () => {
    const recording = folder.write('kept.ndjson', recordingText([at(1, 'k', 'no json')]));
    const other = folder.write('other-run.ndjson', recordingText([at(1, 'k', { type: 'other' })]));
    const store = folder.path('kept-store');
    expect(await replayInto(recording, store)).toBe(0);

    expect(await replayInto(other, store)).toBe(2);
    expect(output.errorLines().at(-1)).toContain('--replace drops it');
    expect(await run(['quarantine', 'list', '--local', store, '--json'])).toBe(0);
    expect(JSON.parse(output.printed.stdout).entries).toHaveLength(1);
  });

  it('is dropped with --replace', async () => {
    const recording = folder.write('dropped.ndjson', recordingText([at(1, 'k', 'no json')]));
    const other = folder.write('new-run.ndjson', recordingText([at(1, 'k', { type: 'other' })]));
    const store = folder.path('dropped-store');
    expect(await replayInto(recording, store)).toBe(0);

    expect(await replayInto(other, store, '--replace')).toBe(0);
    expect(await run(['quarantine', 'list', '--local', store, '--reason', 'json', '--json'])).toBe(
      0,
    );
    expect(output.printed.stdout).toMatch(/"entries":\s*\[\]/);
  });

  it('is not dropped where none is kept', async () => {
    const recording = folder.write('alone.ndjson', recordingText([at(1, 'k', {})]));

    expect(await run(['replay', recording, '--pipeline', PIPELINE, '--replace'])).toBe(2);
    expect(output.errorLines()).toEqual([expect.stringContaining('--replace: only with --store')]);
  });
});

it('says so when no record matches any metric', async () => {
  const recording = folder.write('other.ndjson', recordingText([at(1, 'k', { type: 'other' })]));

  expect(await run(['replay', recording, '--pipeline', PIPELINE])).toBe(0);
  expect(output.errorLines().at(-1)).toBe(
    `no record matches a metric of ${PIPELINE}: does its "match" fit them?`,
  );
});

it.each([
  ['a file', 'a-file', 'a folder, got the file'],
  ['a folder with something else in it', 'others', 'with "thesis.doc" in it'],
])('refuses %s as --store before it prints anything else', async (_name, name, expected) => {
  folder.write('a-file', '');
  folder.makeFolder('others');
  folder.write('others/thesis.doc', 'mine');
  const recording = folder.write('any.ndjson', recordingText([at(1, 'k', {})]));
  const store = folder.path(name);

  expect(await run(['replay', recording, '--pipeline', PIPELINE, '--store', store])).toBe(2);
  expect(output.errorLines()).toEqual([expect.stringContaining(expected)]);
  expect(output.printed.stderr).toContain('millrace replay: --store: expected');
});

it('takes names that JavaScript objects have already for names', async () => {
  const window = { type: 'tumbling', size: '1m' };
  const metric = { series: ['s'], value: 'v', window, aggregates: ['count', 'mean'] };
  const metrics = `"__proto__":${JSON.stringify({ ...metric, detect: { on: 'mean' } })},"constructor":${JSON.stringify(metric)}`;
  const pipeline = folder.write('proto.json', `{"version":1,"metrics":{${metrics}}}`);
  const lines = ['__proto__', 'constructor', 'toString'].flatMap((s) => [
    at(1, s, { s, v: 1 }),
    at(2, s, `{"s":"${s}","__proto__":{"v":1}}`),
  ]);
  const recording = folder.write('proto.ndjson', recordingText(lines));
  const [out, store] = [folder.path('proto-out'), folder.path('proto-store')];
  const args = ['replay', recording, '--pipeline', pipeline, '--out', out, '--store', store];

  expect(await run(args)).toBe(0);

  const rows = readFileSync(`${out}/rows.ndjson`, 'utf8').trimEnd().split('\n');
  const names = rows
    .map((row) => JSON.parse(row))
    .map(({ metric, series, count, mean }) => [...[metric, series, count, mean]]);
  expect(names).toEqual(
    ['__proto__', 'constructor'].flatMap((name) =>
      ['__proto__', 'constructor', 'toString'].map((s) => [name, s, 1, 1]),
    ),
  );
  expect(await run(['report', '--in', out, '--pipeline', pipeline])).toBe(0);
  expect(readFileSync(`${out}/report.html`, 'utf8').match(/<section class="chart/g)).toHaveLength(
    6,
  );
  expect(await run(['query', '--local', store, '--metric', '__proto__', '--json'])).toBe(0);
  expect(JSON.parse(output.printed.stdout)).toHaveLength(3);
  expect(await run(['quarantine', 'list', '--local', store, '--metric', '__proto__'])).toBe(0);
  expect(output.printed.stderr).toContain('3 entries: value 3');
});
