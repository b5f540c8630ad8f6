import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readRecording } from '../../../../cli/src/recording/read';
import type { RecordedRecord } from '../../../../cli/src/recording/record';
import { createRecordingWriter, recordLine } from '../../../../cli/src/recording/write';
import { createFolder } from './recording-file';

const folder = createFolder();
afterAll(folder.remove);

const RECORD = { shard: 's0', sequence: '1', partitionKey: 'k', arrivalMs: 1_607_497_475_123 };

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'));
}

describe('createRecordingWriter', () => {
  it.each(['out.ndjson', 'out.ndjson.gz'])(
    'writes %s so that reading gives the same',
    async (name) => {
      const path = folder.path(name);
      const payloads = [
        '{"x":1.0}',
        'not json',
        '{"a":\n1}',
        '[1]',
        '',
        '{"n":"né😀"}',
        ' {"x":1}',
        '{oops}',
      ];
      const writer = await createRecordingWriter(path, { stream: 'orders', origin: 'a test' });
      for (const [index, text] of payloads.entries()) {
        const explicitHashKey = index === 0 ? '7' : null;
        await writer.write({
          ...RECORD,
          sequence: String(index),
          explicitHashKey,
          bytes: bytesOf(text),
        });
      }
      await writer.close();

      const records: RecordedRecord[] = [];
      const summary = await readRecording(path, {}, (record) => void records.push(record));

      expect(records.map(({ data }) => Buffer.from(data, 'base64').toString())).toEqual(payloads);
      expect(records[0]).toMatchObject({ arrivalMs: RECORD.arrivalMs, explicitHashKey: '7' });
      expect(summary).toMatchObject({ records: payloads.length, complete: true });
      expect(summary.header).toMatchObject({ stream: 'orders', origin: 'a test' });
    },
  );

  it('writes more than its buffers hold, the same bytes in both formats', async () => {
    const paths = ['big.ndjson', 'big.ndjson.gz'].map(folder.path);
    for (const path of paths) {
      const writer = await createRecordingWriter(path, {});
      for (let q = 0; q < 20_000; q++) {
        await writer.write({ ...RECORD, sequence: String(q), bytes: bytesOf(`{"q":${q}}`) });
      }
      await writer.close();
    }

    const [plain, packed] = paths.map((path) => readFileSync(path)) as [Buffer, Buffer];

    expect(gunzipSync(packed).equals(plain)).toBe(true);
    expect((await readRecording(paths[0]!, {}, () => {})).records).toBe(20_000);
  });

  it('shows the name only when the recording is whole', async () => {
    const path = folder.path('late.ndjson');
    const writer = await createRecordingWriter(path, {});
    const before = existsSync(path);
    await writer.close();

    expect([before, existsSync(path), existsSync(`${path}.part`)]).toEqual([false, true, false]);
  });

  it('fails where the folder does not exist', async () => {
    await expect(createRecordingWriter(folder.path('no/such/file.ndjson'), {})).rejects.toThrow(
      'ENOENT',
    );
  });
});

describe('recordLine', () => {
  it.each([
    ['a JSON object as j', '{"x": 1}', '"j":{"x": 1}}'],
    ['text as d', 'hello', '"d":"aGVsbG8="}'],
    ['an object over two lines as d', '{\n}', '"d":"ewp9"}'],
  ])('writes %s', (_name, text, expected) => {
    const text0 = recordLine({ ...RECORD, bytes: bytesOf(text) });

    expect(text0).toBe(`{"s":"s0","q":"1","p":"k","a":1607497475.123,${expected}`);
  });

  it('writes bytes that are not UTF-8 as d', () => {
    const bytes = new Uint8Array([0x7b, 0xff, 0x7d]);

    expect(recordLine({ ...RECORD, bytes })).toContain('"d":"e/99"');
  });
});
