import { gzipSync } from 'node:zlib';
import { readRecording } from '../../../../cli/src/recording/read';
import { read } from './read-whole';
import { createFolder, line, recordingText } from './recording-file';

const folder = createFolder();
afterAll(folder.remove);

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
