import { readFileSync } from 'node:fs';
import { jsonText } from '@millrace/core/json/write-json';
import { run } from '../../../../cli/src/main';
import { recordLine } from '../../../../cli/src/recording/write';
import { captureOutput } from '../capture-output';
import { createFolder, recordingText } from '../recording/recording-file';
import { aggregateRecord } from './aggregate-record';

const folder = createFolder();
afterAll(folder.remove);

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

const START_MS = Date.UTC(2026, 0, 5);
const FIRST_POST = 1_900_000_000_000_000_001n;
const FIRST_AUTHOR = 80_000_000_000_000_001n;

/** Ten posts of ten authors; all their ids are the same double. */
const POSTS = Array.from({ length: 10 }, (_, at) => {
  const [id, author] = [FIRST_POST + BigInt(at), FIRST_AUTHOR + BigInt(at)];
  return `{"kind":"post","id":${id},"author":${author},"ms":${START_MS + at}}`;
});

const base = { match: { kind: 'post' }, time: 'ms', window: { type: 'tumbling', size: '1m' } };
const PIPELINE = folder.write(
  'pipeline.json',
  jsonText({
    version: 1,
    metrics: {
      authors: { ...base, series: ['author'], aggregates: ['count'] },
      ids: {
        ...base,
        dedupe: { by: 'eventId', path: 'id' },
        aggregates: [
          'count',
          { op: 'distinct', path: 'id', as: 'ids' },
          { op: 'first', path: 'id', as: 'oldest' },
          { op: 'last', path: 'id', as: 'newest' },
          { op: 'max', path: 'id', as: 'greatest' },
          { op: 'top', path: 'author', as: 'busiest', k: 2 },
        ],
      },
      one: { ...base, match: { kind: 'post', id: FIRST_POST + 3n }, aggregates: ['count'] },
      two: { ...base, match: { id: [FIRST_POST + 3n, FIRST_POST + 4n] }, aggregates: ['count'] },
    },
  }),
);

/** The posts one by one; or all in one aggregate of the Kinesis Producer Library. */
function recording(aggregated: boolean): string {
  const payloads = aggregated
    ? [aggregateRecord(POSTS.map((text) => ({ key: 'k', text })))]
    : POSTS.map((text) => Buffer.from(text));
  const lines = payloads.map((bytes, at) =>
    recordLine({
      ...{ shard: 's0', sequence: String(at + 1), partitionKey: 'k' },
      ...{ arrivalMs: START_MS + 100 + at, bytes },
    }),
  );
  return folder.write(`posts-${aggregated}.ndjson`, recordingText(lines));
}

test.each([false, true])(
  'ids of 19 digits stay ten ids, in an aggregate: %p',
  async (aggregated) => {
    const out = folder.path(`out-${aggregated}`);
    const store = folder.path(`store-${aggregated}`);
    const args = ['--pipeline', PIPELINE, '--out', out, '--store', store];

    expect(await run(['replay', recording(aggregated), ...args])).toBe(0);

    const rows = readFileSync(`${out}/rows.ndjson`, 'utf8').split('\n').filter(Boolean);
    const [ids, one, two] = ['ids', 'one', 'two'].map((metric) =>
      rows.filter((row) => row.startsWith(`{"metric":"${metric}"`)),
    ) as [string[], string[], string[]];
    expect(
      rows.map((row) => /"metric":"authors","series":"(\d+)"/.exec(row)?.[1]).filter(Boolean),
    ).toEqual(POSTS.map((_, at) => String(FIRST_AUTHOR + BigInt(at))));
    expect(ids).toHaveLength(1);
    expect(ids[0]).toContain(
      `"count":10,"ids":10,"oldest":${FIRST_POST},"newest":${FIRST_POST + 9n},"greatest":1900000000000000000,` +
        `"busiest":[{"value":${FIRST_AUTHOR},"count":1,"error":0},{"value":${FIRST_AUTHOR + 1n},"count":1,"error":0}]`,
    );
    expect(one[0]).toContain('"count":1,');
    expect(two[0]).toContain('"count":2,');

    expect(await run(['query', '--local', store, '--metric', 'ids', '--json'])).toBe(0);
    expect(output.printed.stdout).toContain(`"newest": ${FIRST_POST + 9n},`);
    expect(await run(['query', '--local', store, '--metric', 'ids'])).toBe(0);
    expect(output.printed.stdout).toContain(` ${FIRST_POST + 9n} `);
    expect(await run(['report', '--in', out])).toBe(0);
  },
);
