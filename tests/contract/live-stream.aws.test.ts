import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateStreamCommand, DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis';
import { createKinesisReader, type KinesisReader } from '@millrace/adapters/aws/kinesis-reader';
import { createKinesisClient, createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import { UnavailableError } from '@millrace/core/error';
import type { StreamEntry } from '@millrace/core/port';
import { run } from '../../cli/src/main';
import { recordStream } from '../../cli/src/record/record-stream';
import { newRedactKey, type RecordingState, readState } from '../../cli/src/record/recording-state';
import { readRecording } from '../../cli/src/recording/read';
import type { RecordedRecord } from '../../cli/src/recording/record';
import { captureOutput } from '../unit/cli/capture-output';
import { contractEndpoint, uniqueName } from './endpoint';

const endpoint = contractEndpoint();
const client = createKinesisClient({ endpointUrl: endpoint, requestMsMax: 5000 });
const limits = { attemptsMax: 3, attemptMsMax: 5000, totalMsMax: 20_000 };

let folder: string;
let output: ReturnType<typeof captureOutput>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-live-'));
  output = captureOutput();
});

afterEach(async () => {
  output.restore();
  await rm(folder, { recursive: true, force: true });
});

afterAll(() => client.destroy());

async function makeStream(shards: number): Promise<string> {
  const stream = uniqueName('live');
  await client.send(new CreateStreamCommand({ StreamName: stream, ShardCount: shards }));
  await becomeActive(stream);
  return stream;
}

async function becomeActive(stream: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const command = new DescribeStreamSummaryCommand({ StreamName: stream });
    const { StreamDescriptionSummary } = await client.send(command);
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`stream ${stream} does not become active`);
}

const put = (stream: string, entries: readonly StreamEntry[]) =>
  createKinesisWriter({ client, stream, limits, keyRunMax: 100 }).put(entries);

const text = (partitionKey: string, data: string): StreamEntry => ({
  partitionKey,
  data: Buffer.from(data),
});

/** Records whose exact bytes are easily lost: number texts, repeated keys, spaces, no JSON at all. */
function awkward(count: number, keys = 7): StreamEntry[] {
  return Array.from({ length: count }, (_, n) => {
    const key = `key-${n % keys}`;
    if (n % 50 === 0) return { partitionKey: key, data: Uint8Array.from([n % 256, 0xff, 0]) };
    if (n % 50 === 1) return text(key, `{\n"n":${n}}`);
    return text(key, `{"n": ${n}.0, "id":1234567890123456789${n}, "n":${n}, "t":"é"}`);
  });
}

async function readAll(path: string): Promise<RecordedRecord[]> {
  const records: RecordedRecord[] = [];
  await readRecording(path, {}, (record) => {
    records.push(record);
  });
  return records;
}

/** Data of each partition key in its order. */
function byKey(records: readonly { partitionKey: string; data: string | Uint8Array }[]) {
  const lists: Record<string, string[]> = {};
  for (const { partitionKey, data } of records) {
    const base64 = typeof data === 'string' ? data : Buffer.from(data).toString('base64');
    lists[partitionKey] = [...(lists[partitionKey] ?? []), base64];
  }
  return lists;
}

async function newState(reader: KinesisReader): Promise<RecordingState> {
  const { arn, name: stream } = await reader.describe();
  return {
    ...{ v: 1 as const, arn, stream, fromMs: null, settings: '', redactKey: newRedactKey() },
    ...{ spoolBytes: 0, records: 0, skipped: 0, shards: [], progress: {} },
  };
}

/** Records with the real reader until `enough` records are there. */
async function recordUntil(
  stream: string,
  out: string,
  enough: number,
  changes: Partial<Parameters<typeof recordStream>[0]> = {},
) {
  const reader = changes.reader ?? createKinesisReader({ client, stream, limits });
  const stop = new AbortController();
  return recordStream({
    ...{ reader, out, state: changes.state ?? (await newState(reader)), toMs: Infinity, share: 1 },
    ...{ redaction: null, signal: stop.signal, pollMs: 20 },
    onProgress: ({ records, skipped }) => {
      if (records + skipped >= enough) stop.abort();
    },
    ...changes,
  });
}

test('record, replay, record: the same data per key, in the same order', async () => {
  const [from, to] = [await makeStream(3), await makeStream(2)];
  const entries = awkward(900);
  await put(from, entries);
  const first = join(folder, 'first.ndjson.gz');
  const second = join(folder, 'second.ndjson');
  const toMoment = new Date(Date.now() + 1000).toISOString();

  const recorded = await run([
    'record',
    '--stream',
    from,
    '--endpoint',
    endpoint,
    '--out',
    first,
    '--to',
    toMoment,
  ]);
  const replayed = await run([
    'replay',
    first,
    '--to',
    to,
    '--endpoint',
    endpoint,
    '--speed',
    'max',
    '--json',
  ]);
  await recordUntil(to, second, entries.length);

  expect({ recorded, replayed, said: output.errorLines() }).toMatchObject({
    recorded: 0,
    replayed: 0,
  });
  expect(JSON.parse(output.printed.stdout)).toMatchObject({ records: 900, skipped: 0 });
  expect(byKey(await readAll(first))).toEqual(byKey(entries));
  expect(byKey(await readAll(second))).toEqual(byKey(entries));
});

// Reshards are in reshard.kinesalite.test.ts: MiniStack throws a split shard away with its records.
test('a recording that failed goes on where it stood, and holds every record once', async () => {
  const stream = await makeStream(2);
  const entries = awkward(200);
  const out = join(folder, 'resumed.ndjson');
  await put(stream, entries.slice(0, 120));
  const real = createKinesisReader({ client, stream, limits });
  let reads = 0;
  const failing: KinesisReader = {
    ...real,
    async read(iterator) {
      if (++reads > 4) throw new UnavailableError('scripted');
      return real.read(iterator);
    },
  };
  await expect(recordUntil(stream, out, 200, { reader: failing })).rejects.toThrow('scripted');
  const state = await readState(out);
  // A process that is killed leaves a line that the state does not know.
  await writeFile(`${out}.spool`, `${await readFile(`${out}.spool`, 'utf8')}{"s":"half`);
  await put(stream, entries.slice(120));

  await recordUntil(stream, out, 200, { state: state as RecordingState });

  expect(state?.records).toBe(120);
  expect(byKey(await readAll(out))).toEqual(byKey(entries));
});

test('the recorded stream itself is refused, unless forced', async () => {
  const stream = await makeStream(1);
  const out = join(folder, 'own.ndjson');
  await put(stream, [text('a', '{"n":1}')]);
  await recordUntil(stream, out, 1);
  const replay = ['replay', out, '--to', stream, '--endpoint', endpoint];

  const refused = await run(replay);
  const lines = output.errorLines();
  const forced = await run([...replay, '--force']);

  expect([refused, forced]).toEqual([2, 0]);
  expect(lines).toEqual([expect.stringMatching(/^millrace replay: --to: expected another stream/)]);
  const again = join(folder, 'again.ndjson');
  await recordUntil(stream, again, 2);
  expect(await readAll(again)).toHaveLength(2);
});

test('an explicit hash key is found out, and leads to its shard again', async () => {
  const [from, to] = [await makeStream(2), await makeStream(2)];
  const highest = (2n ** 128n - 1n).toString();
  const entries = ['a', 'b', 'c', 'd'].flatMap((key) => [
    { ...text(key, `{"at":"low"}`), explicitHashKey: '0' },
    { ...text(key, `{"at":"high"}`), explicitHashKey: highest },
  ]);
  await put(from, entries);
  const first = join(folder, 'first.ndjson');
  await recordUntil(from, first, 8);

  await run(['replay', first, '--to', to, '--endpoint', endpoint, '--speed', 'max']);

  const second = join(folder, 'second.ndjson');
  await recordUntil(to, second, 8);
  const perShard = new Map<string, Set<string>>();
  for (const { shard, data } of await readAll(second)) {
    perShard.set(shard, (perShard.get(shard) ?? new Set()).add(data));
  }
  expect([...perShard.values()].map(({ size }) => size)).toEqual([1, 1]);
});
