import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HeldBytes } from '../../../../cli/src/recording/held-bytes';
import { readRecording } from '../../../../cli/src/recording/read';
import { createFolder, HEADER, line } from './recording-file';

const folder = createFolder();
afterAll(folder.remove);

// Compressing tens of megabytes takes its time on a busy machine.
jest.setTimeout(60_000);

const MIB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const record = {
  ...{ shard: 's0', sequence: '1', partitionKey: 'k', arrivalMs: 0 },
  data: 'x'.repeat(MIB),
};

describe('a recording held in memory', () => {
  it('is refused at the record that does not fit, with its line', () => {
    const held = new HeldBytes('r.ndjson.gz', 3 * MIB);
    held.add(record);
    held.add(record);

    expect(() => held.add(record)).toThrow(
      'r.ndjson.gz: line 4: expected a recording that fits into 3 MiB of memory, got a larger one',
    );
  });

  it('may take most of the heap, whatever that is', () => {
    const held = new HeldBytes('r.ndjson.gz');

    expect(() => held.add(record)).not.toThrow();
    expect(() => {
      for (let at = 0; at < 100_000; at += 1) held.add(record);
    }).toThrow(/line \d+: expected a recording that fits into \d+ MiB/);
  });

  it('counts records without data too', () => {
    const held = new HeldBytes('r.ndjson.gz', MIB);

    expect(() => {
      for (let at = 0; at < 10_000; at += 1) held.add({ ...record, data: '' });
    }).toThrow('line 2');
  });
});

describe('a small file that inflates', () => {
  it('of one line without an end is refused at that line', async () => {
    const path = folder.write('zeros.ndjson.gz', '\0'.repeat(40 * MIB));

    await expect(readRecording(path, {}, () => {})).rejects.toThrow(
      `${path}: line 1: expected a line of at most 16777216 bytes, got a longer one`,
    );
  });

  it('of many lines is read in little memory', async () => {
    const pad = 'p'.repeat(4_000);
    const lines = Array.from({ length: 20_000 }, (_, at) =>
      line({ q: String(at + 1), j: { pad } }),
    );
    const path = folder.write('lines.ndjson.gz', `${[HEADER, ...lines].join('\n')}\n`);
    let seen = 0;
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;

    await readRecording(path, { partial: true }, () => {
      seen += 1;
      if (seen % 2_000 !== 0) return;
      collectGarbage();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    });

    expect(seen).toBe(20_000);
    expect(most).toBeLessThan(40 * MIB);
  });
});
