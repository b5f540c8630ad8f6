import { gzipSync } from 'node:zlib';
import { UsageError } from '../../../../cli/src/exit';
import type { ReadOptions } from '../../../../cli/src/recording/read';
import { readRecording } from '../../../../cli/src/recording/read';
import type { RecordedRecord } from '../../../../cli/src/recording/record';
import { createFolder, HEADER, line, recordingText, trailer } from './recording-file';

const folder = createFolder();
afterAll(folder.remove);

async function read(path: string, options: ReadOptions = {}) {
  const records: RecordedRecord[] = [];
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message.replace(path, 'FILE'));
  const summary = await readRecording(path, { warn, ...options }, (record) => {
    records.push(record);
  });
  return { records, warnings, summary };
}

/** The one line that reading fails with, the path replaced. */
async function problemOf(path: string, options: ReadOptions = {}): Promise<string> {
  const error = await read(path, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof UsageError))
    throw new Error(`expected a UsageError, got ${String(error)}`);
  expect(error.lines).toHaveLength(1);
  return String(error.lines[0]).replace(path, 'FILE');
}

describe('readRecording', () => {
  it.each(['whole.ndjson', 'whole.ndjson.gz', 'whole.rec'])('reads %s', async (name) => {
    const text = recordingText([line(), line({ q: '2', a: 2.25, p: 'other' })]);

    const { records, summary, warnings } = await read(folder.write(name, text));

    expect(records.map(({ sequence, arrivalMs }) => [sequence, arrivalMs])).toEqual([
      ['1', 1500],
      ['2', 2250],
    ]);
    expect(summary).toMatchObject({ records: 2, complete: true });
    expect(warnings).toEqual([]);
  });

  it('detects gzip by its bytes when the name says nothing', async () => {
    const path = folder.write('packed.rec', gzipSync(recordingText([line()])));

    expect((await read(path)).summary.records).toBe(1);
  });

  it.each([
    [
      'the exact text of j',
      '{"s":"s0","q":"1","p":"k","a":1,"j":{ "x":1.0, "x":1e400 }}',
      '{ "x":1.0, "x":1e400 }',
    ],
    [
      'non-ASCII text',
      '{"s":"s0","q":"1","p":"k","a":1,"j":{"n":"né😀\\ud800"}}',
      '{"n":"né😀\\ud800"}',
    ],
  ])('gives %s as base64', async (_name, text, expected) => {
    const { records } = await read(folder.write('bytes.ndjson', recordingText([text])));

    expect(Buffer.from(records[0]!.data, 'base64').toString()).toBe(expected);
  });

  it('passes d on verbatim even when it is no base64', async () => {
    const text = recordingText([line({ j: undefined, d: '!!not base64!!' })]);

    const { records } = await read(folder.write('broken-d.ndjson', text));

    expect(records[0]!.data).toBe('!!not base64!!');
  });

  it.each([
    [1607497475.123, 1607497475123],
    [1607497475.2, 1607497475200],
    [0.0004, 0],
    [0.0006, 1],
    [1e3, 1_000_000],
  ])('rounds arrival %p to %p ms', async (seconds, expected) => {
    const { records } = await read(folder.write('a.ndjson', recordingText([line({ a: seconds })])));

    expect(records[0]!.arrivalMs).toBe(expected);
  });

  it('takes the shards from the records in order of appearance without shards in the header', async () => {
    const text = recordingText([line({ s: 'b' }), line({ s: 'a' }), line({ s: 'b', q: '2' })]);

    const { summary } = await read(folder.write('shards.ndjson', text));

    expect(summary.shards).toEqual([
      { id: 'b', parent: null, adjacent: null, hash: null },
      { id: 'a', parent: null, adjacent: null, hash: null },
    ]);
  });

  it('keeps shards of the header that have no records', async () => {
    const header =
      '{"kind":"header","v":1,"stream":"orders","shards":[{"id":"a"},{"id":"b","parent":"a","hash":["0","9"]}]}';

    const { summary } = await read(
      folder.write('h.ndjson', recordingText([line({ s: 'b' })], header)),
    );

    expect(summary.header.stream).toBe('orders');
    expect(summary.shards.map(({ id, parent, hash }) => [id, parent, hash])).toEqual([
      ['a', null, null],
      ['b', 'a', ['0', '9']],
    ]);
  });

  it('compares sequence numbers as numbers, not as text', async () => {
    const text = recordingText([line({ q: '99' }), line({ q: '100' })]);

    expect((await read(folder.write('q.ndjson', text))).summary.records).toBe(2);
  });

  it('ignores notes, and warns once about other unknown fields', async () => {
    const text = recordingText([line({ _label: 1, x: 1 }), line({ q: '2', x: 1, _y: 2 })]);

    const { warnings } = await read(folder.write('notes.ndjson', text));

    expect(warnings).toEqual(['FILE: line 2: unknown field "x" is ignored']);
  });

  it.each([
    ['without a newline behind the trailer', (text: string) => text.trimEnd()],
    ['with CRLF line ends', (text: string) => text],
  ])('reads a recording %s', async (name, change) => {
    const lines = name.includes('CRLF') ? [`${line()}\r`] : [line()];
    const path = folder.write('ends.ndjson', change(recordingText(lines)));

    expect((await read(path)).summary.complete).toBe(true);
  });

  it('reads lines that are longer than a read block', async () => {
    const long = 'x'.repeat(3 * 1024 * 1024);
    const text = recordingText([line({ j: { long } }), line({ q: '2' })]);

    const { records, summary } = await read(folder.write('long.ndjson', text));

    expect(records[0]!.data.length).toBeGreaterThan(long.length);
    expect(summary).toMatchObject({ records: 2, complete: true });
  });

  it('waits for a visitor that answers a promise', async () => {
    const path = folder.write('slow.ndjson', recordingText([line(), line({ q: '2' })]));
    const order: string[] = [];

    await readRecording(path, {}, async ({ sequence }) => {
      order.push(`start ${sequence}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      order.push(`end ${sequence}`);
    });

    expect(order).toEqual(['start 1', 'end 1', 'start 2', 'end 2']);
  });
});

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
      'line 2: a: expected the arrival',
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
