import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { main } from '@millrace/cli/main';

const root = resolve(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'millrace-replay-'));
jest.setTimeout(120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const recordings = [
  { name: 'hostile.order.ndjson', pipeline: 'events/recordings/hostile.pipeline.json' },
  { name: 'hostile.numbers.ndjson', pipeline: 'events/recordings/hostile.pipeline.json' },
  { name: 'hostile.names.ndjson', pipeline: 'events/recordings/hostile.pipeline.json' },
  { name: 'host.two-disturbances.ndjson.gz', pipeline: 'pipeline.json' },
];

const LANES = ['1', '4', '10'];
const BATCH_SIZES = ['1', '37', '1000'];
/** All of them for three recordings; the long one, where a batch of one per record takes a minute, three more. */
const GRID = LANES.flatMap((lanes) => BATCH_SIZES.map((size) => [lanes, size] as const));
const DIAGONAL = [
  ['1', '1000'],
  ['4', '37'],
  ['10', '200'],
] as const;

const OUTPUTS = ['rows.ndjson', 'incidents.ndjson', 'quarantine.ndjson', 'accounting.json'];

let runs = 0;

/** Replays a shipped recording and answers the text of each output. */
async function replay(
  { name, pipeline }: (typeof recordings)[number],
  ...options: string[]
): Promise<Record<string, string>> {
  const out = join(folder, String(runs++));
  const recording = join(root, 'events/recordings', name);
  const fixed = ['replay', recording, '--pipeline', join(root, pipeline), '--out', out];
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const code = await main([...fixed, ...options], root);
  const said = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
  return Object.fromEntries(OUTPUTS.map((file) => [file, readFileSync(join(out, file), 'utf8')]));
}

describe.each(recordings)('$name', (recording) => {
  test('twice with the same seed: byte-identical output folders', async () => {
    expect(await replay(recording, '--seed', '7')).toEqual(await replay(recording, '--seed', '7'));
  });

  test('whatever the lanes and batch sizes: the same rows', async () => {
    const expected = await replay(recording);
    for (const [lanes, size] of recording.name.startsWith('host.') ? DIAGONAL : GRID) {
      const actual = await replay(recording, '--parallelization', lanes, '--batch-size', size);
      expect(actual['rows.ndjson']).toBe(expected['rows.ndjson']);
      expect(actual['accounting.json']).toBe(expected['accounting.json']);
    }
  });

  test('hashed over more shards and with another seed: the same rows', async () => {
    const expected = await replay(recording);
    const actual = await replay(recording, '--shards', '5', '--seed', '99');
    expect(actual['rows.ndjson']).toBe(expected['rows.ndjson']);
    expect(actual['incidents.ndjson']).toBe(expected['incidents.ndjson']);
  });
});
