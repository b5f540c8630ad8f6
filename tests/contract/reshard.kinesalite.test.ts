import { spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  ListShardsCommand,
  MergeShardsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { createKinesisClient, createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import type { StreamEntry } from '@millrace/core/port';
import { run } from '../../cli/src/main';
import { readState } from '../../cli/src/record/recording-state';
import { readRecording } from '../../cli/src/recording/read';
import type { RecordedRecord } from '../../cli/src/recording/record';
import { captureOutput } from '../unit/cli/capture-output';
import { uniqueName } from './endpoint';
import { type KinesisDoor, openKinesisDoor } from './kinesis-door';

/**
 * `millrace record` of streams whose shards are split and merged, over the wire. kinesalite closes
 * shards as AWS does; MiniStack drops the records of a split shard, and moto goes on putting into it.
 */
const kinesalite = process.env.MILLRACE_KINESALITE_ENDPOINT as string;
if (!kinesalite) {
  throw new Error(
    'MILLRACE_KINESALITE_ENDPOINT is not set: run this file with `npm run test:contract`',
  );
}
process.env.AWS_REGION ??= 'us-east-1';
process.env.AWS_ACCESS_KEY_ID ??= 'local';
process.env.AWS_SECRET_ACCESS_KEY ??= 'local';
jest.setTimeout(90_000);

const client = createKinesisClient({ endpointUrl: kinesalite, requestMsMax: 5000 });
const limits = { attemptsMax: 3, attemptMsMax: 5000, totalMsMax: 20_000 };
const KEYS = Array.from({ length: 24 }, (_, n) => `key-${n}`);
const [A, B, LEFT, RIGHT, MERGED] = [0, 1, 2, 3, 4].map(shardId) as [
  ...[string, string, string, string, string],
];
/** The hash keys of two equal shards, of which the first is split in its middle. */
const QUARTER = 2n ** 126n;
const LAST_HASH = (2n ** 128n - 1n).toString();

let folder: string;
let out: string;
let output: ReturnType<typeof captureOutput>;
let door: KinesisDoor;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-reshard-'));
  out = join(folder, 'recorded.ndjson');
  output = captureOutput();
  door = await openKinesisDoor(kinesalite);
});

afterEach(async () => {
  output.restore();
  await door.close();
  await rm(folder, { recursive: true, force: true });
});

afterAll(() => client.destroy());

describe('a stream that was split, then merged', () => {
  test('each shard is read behind its parents; the header tells how they came to be', async () => {
    const { stream, entries } = await resharded();

    const code = await record(stream);

    expect({ code, said: problems() }).toEqual({ code: 0, said: [] });
    const { records, shards, header } = await readAll(out);
    expect(byKey(records)).toEqual(byKey(entries));
    expect(header).toMatchObject({ stream, origin: expect.stringContaining(`stream/${stream}`) });
    const half = 2n * QUARTER;
    expect(shards).toEqual([
      { id: A, parent: null, adjacent: null, hash: ['0', `${half - 1n}`] },
      { id: B, parent: null, adjacent: null, hash: [`${half}`, LAST_HASH] },
      { id: LEFT, parent: A, adjacent: null, hash: ['0', `${QUARTER - 1n}`] },
      { id: RIGHT, parent: A, adjacent: null, hash: [`${QUARTER}`, `${half - 1n}`] },
      { id: MERGED, parent: RIGHT, adjacent: B, hash: [`${QUARTER}`, LAST_HASH] },
    ]);
    expect(new Set(records.map(({ shard }) => shard))).toEqual(
      new Set([A, B, LEFT, RIGHT, MERGED]),
    );
    expectParentsFirst(door.reads);
    expectParentsFirst(records.map(({ shard }) => shard));
  });

  test('replayed to another stream and recorded from there: the same data per key', async () => {
    const { stream, entries } = await resharded();
    const to = await makeStream(3);
    const again = join(folder, 'again.ndjson.gz');
    await record(stream);

    const replayed = await run(
      ...[['replay', out, '--to', to, '--endpoint', door.url, '--speed', 'max', '--json']],
    );
    const code = await record(to, ['--out', again]);

    expect({ replayed, code, said: problems() }).toEqual({ replayed: 0, code: 0, said: [] });
    expect(byKey((await readAll(again)).records)).toEqual(byKey(entries));
  });

  test('--from and --to: exactly the arrivals between, in shards of any generation', async () => {
    const { stream, between, moments } = await resharded();

    const code = await record(stream, ['--from', moments[0], '--to', moments[1]]);

    expect({ code, said: problems() }).toEqual({ code: 0, said: [] });
    const { records } = await readAll(out);
    expect(byKey(records)).toEqual(byKey(between));
    expect(new Set(records.map(({ shard }) => shard))).toEqual(new Set([B, LEFT, RIGHT]));
  });

  test('--redact: a value and a key keep their hash across generations', async () => {
    const { stream, entries } = await resharded();
    const key = 'of the test';
    process.env.MILLRACE_REDACT_KEY = key;

    const code = await record(stream, ['--redact', 'user,@partitionKey']).finally(() => {
      delete process.env.MILLRACE_REDACT_KEY;
    });

    expect({ code, said: problems() }).toEqual({ code: 0, said: [] });
    const hash = (text: string) =>
      createHmac('sha256', key).update(`string ${text}`).digest('hex').slice(0, 16);
    const redacted = entries.map(({ partitionKey, data }) => ({
      partitionKey: hash(partitionKey),
      data: Buffer.from(
        Buffer.from(data)
          .toString()
          .replace(/user-\d+/, (user) => hash(user)),
      ),
    }));
    const { records } = await readAll(out);
    expect(byKey(records)).toEqual(byKey(redacted));
    expectParentsFirst(records.map(({ shard }) => shard));
  });

  test('--sample-keys: all records of the same keys, whatever shards they passed', async () => {
    const { stream, entries } = await resharded();

    const code = await record(stream, ['--sample-keys', '0.4']);

    expect({ code, said: problems() }).toEqual({ code: 0, said: [] });
    const isKept = (key: string) =>
      createHash('sha256').update(key).digest().readUInt32BE(0) / 2 ** 32 < 0.4;
    const kept = entries.filter(({ partitionKey }) => isKept(partitionKey));
    expect(byKey((await readAll(out)).records)).toEqual(byKey(kept));
    const keys = new Set(kept.map(({ partitionKey }) => partitionKey)).size;
    expect(keys).toBeGreaterThan(4);
    expect(keys).toBeLessThan(20);
  });
});

describe('shards that come to be while it records', () => {
  test.each([
    ['named by GetRecords, as AWS does', true],
    ['not named, as emulators do', false],
  ])('children %s', async (_what, namesChildren) => {
    await door.close();
    door = await openKinesisDoor(kinesalite, { namesChildren });
    const stream = await makeStream(2);
    const first = await putAll(stream, 'first');
    const recording = record(stream, ['--to', inMs(12_000)]);
    await seen(() => door.reads.includes(A) && door.reads.includes(B));

    const { entries } = await reshard(stream, first);
    const code = await recording;

    expect({ code, said: problems() }).toEqual({ code: 0, said: [] });
    const { records, shards } = await readAll(out);
    expect(byKey(records)).toEqual(byKey(entries));
    expect(shards.map(({ id, parent, adjacent }) => [id, parent, adjacent])).toEqual(
      expect.arrayContaining([
        [LEFT, A, null],
        [RIGHT, A, null],
        [MERGED, RIGHT, B],
      ]),
    );
    expectParentsFirst(door.reads);
    // Named children are not asked for.
    if (namesChildren) expect(door.count('ListShards')).toBe(1);
  });
});

describe('a recording that is killed between the generations', () => {
  test.each([
    ['the first read of a child', LEFT, [LEFT, MERGED]],
    ['the first read of the merged shard', MERGED, [MERGED]],
  ])('at %s goes on with --resume and holds every record once', async (...row) => {
    const [, shard, unread] = row;
    const { stream, entries } = await resharded();
    const held = door.holdReadOf(shard);
    // Not ended by the clock, however slow the process starts.
    const options = ['record', ...common(stream), '--out', out, '--to', inMs(3_600_000)];
    const child = spawn(process.execPath, ['cli/bin/millrace.mjs', ...options], {
      stdio: 'ignore',
      // Without it Node gives the environment that jest began with.
      env: process.env,
    });
    const ended = once(child, 'exit');
    await Promise.race([held, ended]);
    child.kill('SIGKILL');
    const [, signal] = await ended;
    const state = await readState(out);
    const recorded = await exists(out);
    const callsBefore = door.reads.length;

    const code = await record(stream, ['--resume']);

    expect({ signal, recorded }).toEqual({ signal: 'SIGKILL', recorded: false });
    expect({ code, said: problems() }).toEqual({ code: 0, said: [] });
    expect(state?.records).toBeGreaterThan(0);
    const read = Object.entries(state?.progress ?? {}).flatMap(([id, { done }]) =>
      done ? [id] : [],
    );
    expect(read).not.toEqual([]);
    expect(read.filter((id) => unread.includes(id))).toEqual([]);
    // What the state knows as read to its end is not read again.
    expect(door.reads.slice(callsBefore).filter((id) => read.includes(id))).toEqual([]);
    const { records } = await readAll(out);
    expect(byKey(records)).toEqual(byKey(entries));
    expectParentsFirst(records.map((each) => each.shard));
  });
});

/** Two shards; the first is split, and its right half merged with the second. */
async function resharded() {
  const stream = await makeStream(2);
  return reshard(stream, await putAll(stream, 'first'));
}

/** Puts more between and behind the steps. `moments` are those before and behind `between`. */
async function reshard(stream: string, first: readonly StreamEntry[]) {
  const split = { StreamName: stream, ShardToSplit: A, NewStartingHashKey: `${QUARTER}` };
  await client.send(new SplitShardCommand(split));
  await childrenBegin(stream);
  const moments = [await quietMoment()];
  const between = await putAll(stream, 'between');
  moments.push(await quietMoment());
  const merge = { StreamName: stream, ShardToMerge: RIGHT, AdjacentShardToMerge: B };
  await client.send(new MergeShardsCommand(merge));
  await childrenBegin(stream);
  const last = await putAll(stream, 'last');
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }));
  if (Shards.length !== 5) throw new Error(`expected 5 shards, got ${Shards.length}`);
  return {
    stream,
    entries: [...first, ...between, ...last],
    between,
    moments: moments as string[],
  };
}

/** Ten rounds over the keys; the number text and the space are easily lost. */
async function putAll(stream: string, part: string): Promise<StreamEntry[]> {
  const entries = Array.from({ length: 10 * KEYS.length }, (_, n) => ({
    partitionKey: KEYS[n % KEYS.length] as string,
    data: Buffer.from(`{"part":"${part}", "n":${n}.0,"user":"user-${n % 5}"}`),
  }));
  await createKinesisWriter({ client, stream, limits, keyRunMax: 100 }).put(entries);
  return entries;
}

async function makeStream(shards: number): Promise<string> {
  const stream = uniqueName('reshard');
  await client.send(new CreateStreamCommand({ StreamName: stream, ShardCount: shards }));
  await becomeActive(stream);
  return stream;
}

async function becomeActive(stream: string): Promise<void> {
  await seen(async () => {
    const command = new DescribeStreamSummaryCommand({ StreamName: stream });
    const { StreamDescriptionSummary: summary } = await client.send(command);
    return summary?.StreamStatus === 'ACTIVE';
  });
}

/** kinesalite's begin a second ahead, and what is put before has its arrival then. */
async function childrenBegin(stream: string): Promise<void> {
  await becomeActive(stream);
  await pause(1100);
}

async function seen(isThere: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await isThere()) return;
    await pause(50);
  }
  throw new Error('what was waited for did not come');
}

/** With no arrival within 50 ms of it. */
async function quietMoment(): Promise<string> {
  await pause(50);
  const moment = inMs(0);
  await pause(50);
  return moment;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const common = (stream: string) => ['--stream', stream, '--endpoint', door.url, '--json'];

/** The real command; later options win over these. */
function record(stream: string, options: readonly (string | undefined)[] = []): Promise<number> {
  const defaults = ['record', ...common(stream), '--out', out, '--to', inMs(1000)];
  return run([...defaults, ...options.filter((option) => option !== undefined)]);
}

/** Lines on stderr. */
function problems(): string[] {
  return output.errorLines();
}

async function readAll(path: string) {
  const records: RecordedRecord[] = [];
  const summary = await readRecording(path, {}, (each) => {
    records.push(each);
  });
  return { records, shards: summary.shards, header: summary.header };
}

/** Data of each partition key in its order. */
function byKey(records: readonly { partitionKey: string; data: string | Uint8Array }[]) {
  const lists: Record<string, string[]> = {};
  for (const { partitionKey, data } of records) {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data);
    lists[partitionKey] = [...(lists[partitionKey] ?? []), bytes.toString()];
  }
  return lists;
}

/** No child before the last of a parent. */
function expectParentsFirst(order: readonly string[]): void {
  for (const [parent, child] of [
    [A, LEFT],
    [A, RIGHT],
    [RIGHT, MERGED],
    [B, MERGED],
  ] as const) {
    expect(order).toContain(child);
    expect(order.indexOf(child)).toBeGreaterThan(order.lastIndexOf(parent));
  }
}

function shardId(n: number): string {
  return `shardId-${String(n).padStart(12, '0')}`;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
