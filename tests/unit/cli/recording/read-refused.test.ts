import { gzipSync } from 'node:zlib';
import { problemOf } from './read-whole';
import { createFolder, HEADER, line, recordingText, trailer } from './recording-file';

const folder = createFolder();
afterAll(folder.remove);

describe('readRecording refuses', () => {
  const withHeader = (fields: object) => JSON.stringify({ kind: 'header', v: 1, ...fields });

  it.each([
    ['an empty file', '', 'line 1: expected the header {"kind":"header","v":1}, got an empty file'],
    ['a file without header', recordingText([], line()), 'line 1: expected the header'],
    [
      'another version',
      recordingText([], '{"kind":"header","v":2}'),
      'line 1: v: expected 1, got 2',
    ],
    [
      'a header without version',
      recordingText([], '{"kind":"header"}'),
      'line 1: v: expected 1, got nothing',
    ],
    ['a byte order mark', `\uFEFF${recordingText([])}`, 'line 1: expected UTF-8 without'],
    ['a CSV file', 'time,value\n1,2\n', 'line 1: expected the header'],
    [
      'shards that are no list',
      recordingText([], withHeader({ shards: {} })),
      'line 1: shards: expected a list',
    ],
    [
      'a shard without id',
      recordingText([], withHeader({ shards: [{}] })),
      'line 1: shards.0.id: expected',
    ],
    [
      'a shard twice',
      recordingText([], withHeader({ shards: [{ id: 'a' }, { id: 'a' }] })),
      'got "a" twice',
    ],
    [
      'a shard that is its own parent',
      recordingText(
        [],
        withHeader({
          shards: [
            { id: 'a', parent: 'b' },
            { id: 'b', parent: 'a' },
          ],
        }),
      ),
      'own ancestor',
    ],
    [
      'a hash range upside down',
      recordingText([], withHeader({ shards: [{ id: 'a', hash: ['9', '1'] }] })),
      'line 1: shards.0.hash: expected',
    ],
    [
      'a line that is not JSON',
      recordingText([line(), 'oops']),
      'line 3: expected a JSON object, got "oops"',
    ],
    [
      'a line that is a list',
      recordingText(['[1]']),
      'line 2: expected a JSON object, got an array',
    ],
    ['a blank line', recordingText([line(), '']), 'line 3: expected a JSON object, got ""'],
    [
      'an unknown kind',
      recordingText(['{"kind":"note"}']),
      'line 2: expected a record or the trailer',
    ],
    [
      'a second header',
      recordingText([HEADER]),
      'line 2: expected a record or the trailer, got kind "header"',
    ],
    [
      'a missing shard',
      recordingText([line({ s: undefined })]),
      'line 2: s: expected a shard id, got nothing',
    ],
    [
      'a shard that the header lacks',
      recordingText([line()], withHeader({ shards: [{ id: 'other' }] })),
      'line 2: s: expected a shard of the header, got "s0"',
    ],
    [
      'a numeric sequence',
      recordingText([line({ q: 1 })]),
      'line 2: q: expected a sequence number as a decimal string, got 1',
    ],
    ['a sequence with letters', recordingText([line({ q: '1a' })]), 'line 2: q: expected'],
    ['a sequence with a leading zero', recordingText([line({ q: '01' })]), 'line 2: q: expected'],
    [
      'an equal sequence',
      recordingText([line(), line()]),
      'line 3: q: expected more than 1, the one before it in s0, got 1',
    ],
    [
      'a lower sequence',
      recordingText([line({ q: '100' }), line({ q: '99' })]),
      'line 3: q: expected more than 100',
    ],
    [
      'a missing partition key',
      recordingText([line({ p: undefined })]),
      'line 2: p: expected a partition key',
    ],
    [
      'a partition key over 256 characters',
      recordingText([line({ p: 'é'.repeat(257) })]),
      'line 2: p: expected a partition key',
    ],
    [
      'a missing arrival',
      recordingText([line({ a: undefined })]),
      'line 2: a: expected the arrival in epoch seconds, got nothing',
    ],
    [
      'an arrival as text',
      recordingText([line({ a: '1.5' })]),
      'line 2: a: expected the arrival in epoch seconds, got "1.5"',
    ],
    ['a negative arrival', recordingText([line({ a: -1 })]), 'line 2: a: expected the arrival'],
    [
      'an arrival in nanoseconds',
      recordingText([line({ a: 1.6e18 })]),
      'line 2: a: expected the arrival in epoch seconds, got 1600000000000000000, which looks like nanoseconds',
    ],
    [
      'an arrival in milliseconds',
      recordingText([line({ a: 1_767_571_200_000 })]),
      'line 2: a: expected the arrival in epoch seconds, got 1767571200000, which looks like milliseconds',
    ],
    [
      'an arrival after 2200',
      recordingText([line({ a: 7_258_118_400.001 })]),
      'line 2: a: expected the arrival in epoch seconds, got 7258118400.001, which looks like milliseconds',
    ],
    [
      'a hash key out of range',
      recordingText([line({ e: String(2n ** 128n) })]),
      'line 2: e: expected a hash key',
    ],
    ['j and d', recordingText([line({ d: '' })]), 'line 2: expected j or d, got both'],
    [
      'neither j nor d',
      recordingText([line({ j: undefined })]),
      'line 2: expected j (a JSON object) or d (base64), got neither',
    ],
    [
      'j as a list',
      recordingText([line({ j: [] })]),
      'line 2: j: expected a JSON object, got an array',
    ],
    [
      'j as null',
      recordingText([line({ j: null })]),
      'line 2: j: expected a JSON object, got null',
    ],
    [
      'd as a number',
      recordingText([line({ j: undefined, d: 5 })]),
      'line 2: d: expected a string, got 5',
    ],
    [
      'a missing trailer',
      `${HEADER}\n${line()}\n`,
      'line 3: expected the trailer {"kind":"end",…}, got the end of the file',
    ],
    [
      'a cut line',
      `${HEADER}\n${line()}\n${line().slice(0, 20)}`,
      'line 3: expected the trailer {"kind":"end",…}, got a line that is cut off',
    ],
    [
      'a trailer without count',
      `${HEADER}\n{"kind":"end"}\n`,
      'line 2: records: expected a whole number, got nothing',
    ],
    [
      'a trailer without checksum',
      `${HEADER}\n{"kind":"end","records":0}\n`,
      'line 2: sha256: expected 64 hexadecimal digits',
    ],
    [
      'a wrong count',
      `${HEADER}\n${trailer(`${HEADER}\n`, 7)}\n`,
      'line 2: records: expected 0, the records above, got 7',
    ],
    ['a wrong checksum', `${HEADER}\n${trailer('other', 0)}\n`, 'line 2: sha256: expected'],
    [
      'anything behind the trailer',
      `${recordingText([])}${line()}\n`,
      'line 3: expected nothing behind the trailer',
    ],
  ])('%s', async (_name, text, expected) => {
    const problem = await problemOf(folder.write('bad.ndjson', text));

    expect(problem).toMatch(/^FILE: line \d+: /);
    expect(problem).toContain(expected);
  });

  it('bytes that are not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEADER}\n`),
      Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
    ]);

    expect(await problemOf(folder.write('latin.ndjson', bytes))).toBe(
      'FILE: line 2: expected UTF-8, got other bytes',
    );
  });

  it('a line of more than 16 MiB', async () => {
    const path = folder.write('huge.ndjson', `${HEADER}\n"${'x'.repeat(18 * 1024 * 1024)}`);

    expect(await problemOf(path)).toBe(
      'FILE: line 2: expected a line of at most 16777216 bytes, got a longer one',
    );
  });

  it.each([
    ['a missing file', 'none.ndjson', 'FILE: expected a recording, got no such file'],
    ['a folder', '.', 'FILE: expected a recording, got something that is not a file'],
  ])('%s', async (_name, name, expected) => {
    expect(await problemOf(folder.path(name))).toBe(expected);
  });

  it('plain text under a gzip name', async () => {
    const path = folder.write('plain.ndjson.gz', Buffer.from(recordingText([])));

    expect(await problemOf(path)).toBe(
      'FILE: line 1: expected gzip data for this name, got plain text',
    );
  });

  it('gzip data under a plain name', async () => {
    const path = folder.write('packed.ndjson', gzipSync(recordingText([])));

    expect(await problemOf(path)).toContain('line 1: expected plain text, got gzip data');
  });

  it('a damaged gzip file', async () => {
    const bytes = gzipSync(recordingText([line()]));
    bytes.fill(0xff, 20, 40);

    expect(await problemOf(folder.write('damaged.ndjson.gz', bytes))).toContain(
      'expected gzip data, got damaged data',
    );
  });

  it('a gzip file that was cut off', async () => {
    const lines = Array.from({ length: 500 }, (_, q) =>
      line({ q: String(q), j: { x: Math.sin(q) } }),
    );
    const bytes = gzipSync(recordingText(lines));
    const path = folder.write('cut.ndjson.gz', bytes.subarray(0, bytes.length / 2));

    expect(await problemOf(path)).toContain('expected the trailer {"kind":"end",…}, got');
  });
});
