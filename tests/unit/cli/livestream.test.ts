import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../cli/src/main';
import { LIVESTREAM, livestream } from '../../../cli/src/produce/livestream';
import { produceLivestream } from '../../../cli/src/produce/livestream-files';
import { captureOutput } from './capture-output';

/** A fifth of the site, for a short while: the same shape. */
const SMALL = { ...LIVESTREAM, messagesPerSecond: 1, burstSeconds: 20, channels: 10 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-livestream-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the livestream scenario', () => {
  const { records, truth } = livestream(SMALL);

  it('is the same for the same seed, and another for another', () => {
    const text = (options: typeof SMALL) => JSON.stringify(livestream(options));

    expect(text(SMALL) === JSON.stringify({ records, truth })).toBe(true);
    expect(text({ ...SMALL, seed: 2 }) === text(SMALL)).toBe(false);
  });

  it('has half of its messages on one key, and a thousand times as many in the burst', () => {
    const inBurst = ({ bytes }: { bytes: Uint8Array }) => {
      const { ts } = JSON.parse(Buffer.from(bytes).toString());
      return ts >= Date.parse(truth.burst.from) && ts < Date.parse(truth.burst.to);
    };
    const perSecond = records.filter(inBurst).length / SMALL.burstSeconds;

    expect(truth.hotShare).toBeCloseTo(0.5, 1);
    expect(perSecond / SMALL.messagesPerSecond).toBeCloseTo(1_000, 0);
  });

  it('gives no shard more than 1,000 records a second, in order', () => {
    const { records: busy, truth: busyTruth } = livestream({
      ...SMALL,
      shards: 1,
      messagesPerSecond: 2,
    });
    const perSecond = new Map<number, number>();
    for (const { arrivalMs } of busy) {
      const second = Math.floor(arrivalMs / 1_000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    }

    expect(busy.every(({ arrivalMs }, at) => arrivalMs >= (busy[at - 1]?.arrivalMs ?? 0))).toBe(
      true,
    );
    expect(Math.max(...perSecond.values())).toBe(1_000);
    expect(busyTruth.throttled).toBeGreaterThan(0);
  });

  it('is accounted for to the last record by the real consumer', async () => {
    const { files } = await produceLivestream(join(folder, 'chat.ndjson'), SMALL);
    const output = captureOutput();
    const args = ['replay', files.recording, '--pipeline', files.pipeline, '--json'];
    const code = await run(args).finally(output.restore);

    expect(code).toBe(0);
    const result = JSON.parse(output.printed.stdout);
    expect(result).toMatchObject(truth.expected);
    expect(result.revised).toBeGreaterThan(0);
    expect(result.quarantine).toBe(truth.expected.late);
  }, 60_000);
});

test('millrace produce --scenario livestream says what it wrote', async () => {
  const out = join(folder, 'chat.ndjson.gz');
  const output = captureOutput();
  const code = await run(['produce', '--scenario', 'livestream', '--out', out, '--json']).finally(
    output.restore,
  );

  expect(code).toBe(0);
  const truth = JSON.parse(readFileSync(`${out}.truth.json`, 'utf8'));
  expect(JSON.parse(output.printed.stdout)).toMatchObject(truth);
  expect(truth.expected.records).toBeGreaterThan(150_000);
}, 60_000);
