import { readdirSync, readFileSync } from 'node:fs';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import Ajv from 'ajv';
import type { KinesisStreamEvent } from 'aws-lambda';
import { loadTransforms } from '../../functions/stream-consumer/load-transforms';
import type { BatchSummary } from '../../functions/stream-consumer/report';
import { createStreamConsumer } from '../../functions/stream-consumer/stream-consumer';
import { KINESIS_CASES } from '../../scripts/sample-events/kinesis-cases';
import { sampleFiles } from '../../scripts/sample-events/sample-files';

const read = (path: string) => readFileSync(path, 'utf8');
const readJson = (path: string) => JSON.parse(read(path));

const sources = ['dynamodb-stream', 'kinesis', 'schedule'];
const onDisk = sources.flatMap((source) =>
  readdirSync(`events/${source}`).map((name) => `events/${source}/${name}`),
);
const events = onDisk.filter((path) => !path.endsWith('.decoded.json'));

describe('sample events', () => {
  test.each(sampleFiles().map(({ path, text }) => [path, text]))(
    '%s is what `npm run events` writes',
    (path, text) => {
      expect(read(path)).toBe(text);
    },
  );

  test('there are no others', () => {
    expect([...onDisk].sort()).toEqual(
      sampleFiles()
        .map(({ path }) => path)
        .sort(),
    );
  });

  test('making them twice gives the same bytes', () => {
    expect(sampleFiles()).toEqual(sampleFiles());
  });

  test.each(events)('%s has the shape that the source sends', (path) => {
    const source = path.split('/')[1];
    const validate = new Ajv({ allErrors: true }).compile(
      readJson(`tests/contract/schema/${source}-event.schema.json`),
    );

    validate(readJson(path));

    expect(validate.errors ?? []).toEqual([]);
  });

  test.each(events)('%s has a twin for people', (path) => {
    const twin = readJson(path.replace('.json', '.decoded.json'));

    expect(twin.shows).toMatch(/\.$/);
    expect(twin.records?.length).toBe(readJson(path).Records?.length);
  });
});

describe('records of a Kinesis event', () => {
  const batches = events.filter((path) => path.startsWith('events/kinesis/'));

  test.each(batches)('%s: sequence numbers grow, ids name the shard and the number', (path) => {
    const { Records }: KinesisStreamEvent = readJson(path);
    const sequences = Records.map(({ kinesis }) => kinesis.sequenceNumber);

    expect([...sequences].sort()).toEqual(sequences);
    expect(new Set(sequences).size).toBe(sequences.length);
    for (const { eventID, kinesis } of Records)
      expect(eventID).toBe(`shardId-000000000000:${kinesis.sequenceNumber}`);
  });

  test.each(batches)('%s: arrivals do not step back', (path) => {
    const { Records }: KinesisStreamEvent = readJson(path);
    const arrivals = Records.map(({ kinesis }) => kinesis.approximateArrivalTimestamp);

    expect([...arrivals].sort((a, b) => a - b)).toEqual(arrivals);
  });
});

/** The shipped pipeline, the real consumer, embedded stores: nothing of AWS. */
async function consume(name: string) {
  const { pipeline } = parsePipelineText(read('pipeline.json'));
  const map = createMemoryMap();
  const store = (table: string, indexes = {}) => createKeyValueStore({ map, table, indexes });
  const batches: BatchSummary[] = [];
  const problems: string[] = [];
  const consumer = createStreamConsumer({
    pipeline,
    transforms: await loadTransforms(pipeline),
    state: store('state', { due: { partitionKey: 'dueBucket', sortKey: 'due' } }),
    results: store('results'),
    control: store('control'),
    quarantine: createObjectMemory(),
    log: {
      info: () => {},
      warn: (text) => problems.push(text),
      error: (text) => problems.push(text),
    },
    stateTtlMs: 7 * 86_400_000,
    retentionMs: 86_400_000,
    observe: (batch) => batches.push(batch),
  });
  const event: KinesisStreamEvent = readJson(`events/kinesis/${name}.json`);
  const response = await consumer(event, { getRemainingTimeInMillis: () => 60_000 });
  const { applied = 0, late = 0, duplicate = 0, invalid = 0, unmatched = 0 } = batches[0] ?? {};
  return { event, response, problems, counts: { applied, late, duplicate, invalid, unmatched } };
}

describe('what the consumer makes of a sample event', () => {
  /** What each record's note says, counted; a record without a note is applied. */
  const expected = (name: string) => {
    const notes = KINESIS_CASES.find((sample) => sample.name === name)?.records.map(
      ({ note }) => note ?? 'applied',
    );
    const count = (start: string) => notes?.filter((note) => note.startsWith(start)).length;
    return {
      late: count('late'),
      duplicate: count('duplicate'),
      invalid: count('invalid'),
      unmatched: count('unmatched'),
    };
  };

  test.each(['single', 'batch', 'late', 'duplicate', 'poison', 'aggregate'])(
    '%s: every record as its note says',
    async (name) => {
      const { event, response, problems, counts } = await consume(name);
      const { applied, ...others } = counts;
      const rest = Object.values(others).reduce((sum, count) => sum + count, 0);

      expect(response.batchItemFailures).toEqual([]);
      expect(problems).toEqual([]);
      expect(others).toEqual(expected(name));
      expect(applied).toBeGreaterThanOrEqual(event.Records.length - rest);
    },
  );

  test('empty: no failure', async () => {
    expect((await consume('empty')).response).toEqual({ batchItemFailures: [] });
  });

  test('aggregate: its user records are applied one by one', async () => {
    const { event, counts } = await consume('aggregate');
    const plain = event.Records.length - 1;

    // A metric of every host, and one of them all.
    expect(counts.applied).toBe((plain + 2) * (await consume('single')).counts.applied);
  });
});
