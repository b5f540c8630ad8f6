import { readFileSync } from 'node:fs';
import { run } from '../../../../cli/src/main';
import { recordLine } from '../../../../cli/src/recording/write';
import { captureOutput } from '../capture-output';
import { createFolder, recordingText } from '../recording/recording-file';

const folder = createFolder();
afterAll(folder.remove);

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

/** A run under faults is a second, on a busy machine several. */
jest.setTimeout(60_000);

const START_MS = Date.UTC(2026, 0, 5);
const FILES = ['rows.ndjson', 'incidents.ndjson', 'quarantine.ndjson'];

const PIPELINE = folder.write(
  'pipeline.json',
  JSON.stringify({
    version: 1,
    metrics: {
      temperature: {
        series: ['sensor'],
        time: 'ts',
        value: 'celsius',
        window: { type: 'tumbling', size: '1m' },
        idleClose: '2m',
        aggregates: ['count', 'mean', 'last'],
      },
    },
  }),
);

let sequence = 0;

function reading(atSeconds: number, sensor: string, celsius: unknown, lateSeconds = 0): string {
  sequence += 1;
  const ts = START_MS + (atSeconds - lateSeconds) * 1000;
  return recordLine({
    shard: `s${sensor.length % 2}`,
    sequence: String(sequence * 100),
    partitionKey: sensor,
    arrivalMs: START_MS + atSeconds * 1000,
    bytes: Buffer.from(JSON.stringify({ sensor, ts, celsius })),
  });
}

/** Ten minutes of twelve sensors, some of it late or no number. */
const MINUTES = Array.from({ length: 240 }, (_, index) =>
  reading(
    Math.floor(index * 2.5),
    `sensor${'x'.repeat(index % 12)}`,
    index % 31 === 0 ? 'warm' : index % 17,
    index % 23 === 0 ? 300 : 0,
  ),
);
const RECORDING = folder.write('minutes.ndjson', recordingText(MINUTES));
async function replay(recording: string, name: string, ...args: string[]) {
  const out = folder.path(name);
  const code = await run(['replay', recording, '--pipeline', PIPELINE, '--out', out, ...args]);
  const { redelivered: _, ...accounting } = JSON.parse(
    readFileSync(`${out}/accounting.json`, 'utf8'),
  );
  return { code, accounting, files: FILES.map((file) => readFileSync(`${out}/${file}`, 'utf8')) };
}

describe.each(['deploy', 'reshard', 'throttle-storm', 'zombies', 'outage', 'expiry'])(
  '--faults %s',
  (preset) => {
    it('gives the bytes of a run without faults, and counts them', async () => {
      const calm = await replay(RECORDING, 'calm', '--batch-size', '10');

      const faulty = await replay(RECORDING, preset, '--batch-size', '10', '--faults', preset);

      expect(faulty).toEqual({ ...calm, code: 0 });
      expect(calm.files.join('')).toContain('"reason":"late"');
      expect(output.errorLines().at(-1)).toMatch(/^[1-9]\d* faults: /);
    });
  },
);

it('--faults everything: altered records, and an accounting that adds up', async () => {
  const { code, accounting } = await replay(RECORDING, 'everything', '--faults', 'everything');

  expect(code).toBe(0);
  expect(accounting.records).toBeGreaterThan(MINUTES.length);
});

it('the same seed gives the same run', async () => {
  const plan = ['--faults', 'zombies', '--seed', '9'];
  await replay(RECORDING, 'first', ...plan);
  await replay(RECORDING, 'second', ...plan);

  const lines = output.errorLines().filter((line) => /^(redelivered|\d+ faults)/.test(line));
  expect(lines.slice(0, 2)).toEqual(lines.slice(2));
  expect(lines).toHaveLength(4);
});

it('a plan with mistakes: one line each, exit code 2, nothing runs', async () => {
  const plan = folder.write('bad.json', '{"version":1,"faults":[{"kind":"cut","rate":"often"}]}');

  expect(await run(['replay', RECORDING, '--pipeline', PIPELINE, '--faults', plan])).toBe(2);
  expect(output.errorLines()).toEqual([
    `${plan}: faults.0.rate: expected a number from 0 to 1, got "often"`,
  ]);
});
