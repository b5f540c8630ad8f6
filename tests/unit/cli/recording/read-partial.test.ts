import { gzipSync } from 'node:zlib';
import { problemOf, read } from './read-whole';
import { createFolder, HEADER, line, recordingText, trailer } from './recording-file';

const folder = createFolder();
afterAll(folder.remove);

describe('readRecording with partial', () => {
  const body = `${HEADER}\n${line()}\n`;

  it.each([
    ['a missing trailer', body, 'line 3: expected the trailer'],
    ['a cut line', `${body}${line({ q: '2' }).slice(0, 25)}`, 'line 3: expected the trailer'],
    ['a line cut inside a character', `${body}{"s":"\u00e9`, 'line 3: expected the trailer'],
    ['a wrong count', `${body}${trailer(body, 9)}\n`, 'line 3: records: expected 1'],
    ['a wrong checksum', `${body}${trailer('x', 1)}\n`, 'line 3: sha256: expected'],
  ])('accepts %s with a warning', async (name, text, expected) => {
    const bytes = Buffer.from(text);
    const cut = name.includes('inside') ? bytes.subarray(0, -1) : bytes;

    const { records, warnings, summary } = await read(folder.write('part.ndjson', cut), {
      partial: true,
    });

    expect(records).toHaveLength(1);
    expect(summary).toMatchObject({ records: 1, complete: false });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(expected);
  });

  it('keeps a last record that only lacks its newline', async () => {
    const path = folder.write('nonewline.ndjson', body.trimEnd());

    expect((await read(path, { partial: true })).records).toHaveLength(1);
  });

  it('reads what a gzip file that was cut off still holds', async () => {
    const lines = Array.from({ length: 500 }, (_, q) =>
      line({ q: String(q), j: { x: Math.sin(q) } }),
    );
    const bytes = gzipSync(recordingText(lines));

    const { records } = await read(
      folder.write('cut2.ndjson.gz', bytes.subarray(0, bytes.length / 2)),
      {
        partial: true,
      },
    );

    expect(records.length).toBeGreaterThan(100);
    expect(records.length).toBeLessThan(500);
  });

  it('still refuses a bad line in the middle', async () => {
    const path = folder.write('mid.ndjson', `${HEADER}\noops\n${line()}\n`);

    expect(await problemOf(path, { partial: true })).toContain('line 2: expected a JSON object');
  });
});
