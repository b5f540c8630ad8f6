import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import type { Log } from '@millrace/core/port';
import { openLocalData } from '../../../cli/src/local-store';
import { run } from '../../../cli/src/main';
import { createStreamConsumer } from '../../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../../helper/event-source';
import { onePipeline } from '../../helper/metric';
import { captureOutput } from './capture-output';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const RECORDS = [
  '{"s":"a","t":1767571200000,"v":1}',
  '{"s":"b","t":1767571200000,"v":"2"}',
  'höst',
];

let folder: string;
let store: string;
let output: ReturnType<typeof captureOutput>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-quarantine-'));
  store = join(folder, 'store');
  await fill(store);
  output = captureOutput();
});

afterEach(() => {
  output.restore();
  rmSync(folder, { recursive: true });
});

/** One record applied, one refused for its value, one that is no JSON. */
async function fill(path: string): Promise<void> {
  const { map, objects } = openLocalData(path);
  const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
  const consumer = createStreamConsumer({
    state: createKeyValueStore({ map, table: 'StateTable', indexes }),
    results: createKeyValueStore({ map, table: 'ResultsTable' }),
    control: createKeyValueStore({ map, table: 'ControlTable' }),
    ...{ quarantine: objects, pipeline: onePipeline(), transforms: new Map(), log: SILENT },
    ...{ stateTtlMs: 7 * DAY_MS, retentionMs: DAY_MS },
  });
  const batch = RECORDS.map((text, at) => ({
    shard: 'shard-0',
    sequence: String(101 + at),
    partitionKey: `key ${at}`,
    arrivalMs: START_MS + at * 1_000,
    bytes: Buffer.from(text, 'latin1'),
  }));
  const context = { getRemainingTimeInMillis: () => 60_000 };
  expect(await consumer(kinesisEvent(batch), context)).toEqual({ batchItemFailures: [] });
  await map.close();
}

function pipelineFile(change: object = {}): string {
  const path = join(folder, 'pipeline.json');
  const metric = {
    ...{ series: ['s'], time: 't', value: 'v', aggregates: ['count'], ...change },
    window: { type: 'tumbling', size: '1m' },
  };
  writeFileSync(path, JSON.stringify({ version: 1, metrics: { m: metric } }));
  return path;
}

describe('millrace quarantine', () => {
  it('lists what was refused, where, when and why, and counts by reason', async () => {
    expect(await run(['quarantine', 'list', '--local', store, '--json'])).toBe(0);

    const { total, reasons, entries } = JSON.parse(output.printed.stdout);
    expect({ total, reasons }).toEqual({ total: 2, reasons: { value: 1, json: 1 } });
    expect(entries[0]).toMatchObject({
      ...{ id: 'events/shard-0/102.0', reason: 'value', metric: 'm', partitionKey: 'key 1' },
      ...{
        firstSeen: '2026-01-05T00:00:01.000Z',
        lastSeen: '2026-01-05T00:00:01.000Z',
        attempt: 1,
      },
    });
  });

  it.each([
    [['--reason', 'json'], ['events/shard-0/103.0']],
    [['--since', '2026-01-05T00:00:02Z'], ['events/shard-0/103.0']],
    [['--metric', 'm'], ['events/shard-0/102.0']],
    [['--since', '2h'], []],
  ])('with %p: %p', async (args, ids) => {
    expect(await run(['quarantine', 'list', '--local', store, '--json', ...args])).toBe(0);

    const { entries } = JSON.parse(output.printed.stdout);
    expect(entries.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it('counts all and lists no more than --limit', async () => {
    expect(await run(['quarantine', '--local', store, '--limit', '1'])).toBe(0);

    expect(output.printed.stdout.split('\n')).toHaveLength(2);
    expect(output.errorLines()).toEqual(['… 1 more (--limit)', '2 entries: json 1, value 1']);
  });

  it('shows the bytes as they came', async () => {
    expect(
      await run(['quarantine', 'show', 'events/shard-0/103.0', '--local', store, '--json']),
    ).toBe(0);

    const { data, text, entries } = JSON.parse(output.printed.stdout);
    expect(Buffer.from(data, 'base64').toString('latin1')).toBe('höst');
    expect(text).toBeNull();
    expect(entries).toMatchObject([{ reason: 'json', detail: 'invalid UTF-8' }]);
  });

  it.each([
    [['quarantine', 'show', 'events/shard-0/9.0', '--local', 'STORE'], 1, 'no such record'],
    [['quarantine', 'show', '9', '--local', 'STORE'], 2, 'expected an id like'],
    [['quarantine', 'list'], 2, 'expected one of --local DIR and --stack NAME'],
    [['quarantine', 'list', '--local', 'none'], 2, 'expected a folder with a store in it'],
    [['quarantine', 'list', '--local', 'STORE', '--reason', 'x'], 2, '--reason: expected one of'],
    [['quarantine', 'list', '--local', 'STORE', '--since', 'x'], 2, '--since: expected a time'],
  ])('%p: exit %i, %s', async (args, code, message) => {
    expect(await run(args.map((arg) => (arg === 'STORE' ? store : arg)))).toBe(code);

    expect(output.errorLines()).toEqual([expect.stringContaining(message)]);
    expect(existsSync('none')).toBe(false);
  });
});

describe('millrace redrive --local', () => {
  it('writes a recording that a replay with the mended pipeline applies', async () => {
    const pipeline = pipelineFile({ coerce: true });
    const out = join(folder, 'redriven.ndjson');
    const redrive = ['redrive', '--local', store, '--pipeline', pipeline, '--json'];

    expect(await run([...redrive, '--dry-run'])).toBe(0);
    expect(existsSync(out)).toBe(false);
    expect(await run([...redrive, '--out', out])).toBe(0);
    const documents = output.printed.stdout.split(/(?<=^\}\n)/m).map((text) => JSON.parse(text));
    expect(documents).toMatchObject([
      { dryRun: true, records: 2, put: 1, kept: { refused: 1 } },
      { dryRun: false, records: 2, put: 1, kept: { refused: 1 } },
    ]);

    output.restore();
    output = captureOutput();
    expect(await run(['replay', out, '--pipeline', pipeline, '--json'])).toBe(0);
    expect(JSON.parse(output.printed.stdout)).toMatchObject({ in: 1, applied: 1 });
  });

  it('says in the dry run what would become of each record', async () => {
    expect(
      await run(['redrive', '--local', store, '--pipeline', pipelineFile(), '--dry-run']),
    ).toBe(0);

    expect(output.printed.stdout.trimEnd().split('\n')).toEqual([
      'events/shard-0/102.0  value  would be refused again: value: v: expected a finite number, got "2" ("coerce" is off)',
      'events/shard-0/103.0  json  would be refused again: invalid UTF-8',
      '2 records: 0 would be put',
      '  2 left: would be refused again',
    ]);
  });

  it('wants a recording to write, and a new one', async () => {
    const args = ['redrive', '--local', store, '--pipeline', pipelineFile()];

    expect(await run(args)).toBe(2);
    expect(await run([...args, '--out', pipelineFile()])).toBe(2);
    expect(output.errorLines()).toEqual([
      expect.stringContaining('expected --out FILE'),
      expect.stringContaining('expected a new file'),
    ]);
  });
});
