import { gzipSync } from 'node:zlib';
import { type Expectation, type HostileRecording, hostileScript, T0 } from './hostile-recording';

/** Everything that can be wrong with one record, good records in between. */
export function poison(): HostileRecording {
  const script = hostileScript();
  let id = 0;
  const reading = (change: Readonly<Record<string, unknown>> = {}) => {
    id++;
    const good = { type: 'reading', id: `r${id}`, series: 'a', ts: T0 + script.nowMs, value: id };
    return { ...good, ...change };
  };
  const text = (change?: Readonly<Record<string, unknown>>) => JSON.stringify(reading(change));
  const bytes = (latin1: string) => Buffer.from(latin1, 'latin1');
  const without = (field: string) => text({ [field]: undefined });
  const each = (
    expect: Expectation,
    cases: readonly (readonly [why: string, data: Parameters<typeof script.add>[2]])[],
  ) => {
    for (const [why, data] of cases) script.add(expect, why, data);
    script.add('applied', 'a good record behind them is not blocked', text());
  };

  script.add('applied', 'a good record', text());
  each('invalid:base64', [
    ['no base64 at all', { base64: '###' }],
    ['a length that no base64 has', { base64: 'eyJhIjoxf' }],
    ['the URL-safe alphabet', { base64: 'eyJhIjoi-_8i' }],
    ['a line break inside', { base64: 'eyJh\nIjo' }],
    ['padding in the middle', { base64: 'eyJh==Ijox' }],
  ]);
  each('invalid:json', [
    ['no bytes', { base64: '' }],
    ['cut in the middle', text().slice(0, 30)],
    ['two documents', `${text()}\n${text()}`],
    ['a comma too many', '{"type":"reading",}'],
    ['a comment', '{"type":"reading"} // fine'],
    ['single quotes', "{'type':'reading'}"],
    ['NaN', '{"type":"reading","id":"n","series":"a","ts":0,"value":NaN}'],
    ['an array of records', JSON.stringify([reading(), reading()])],
    ['a string', '"reading"'],
    ['a number', '42'],
    ['null', 'null'],
    ['true', 'true'],
    ['spaces only', '   \n'],
    ['a byte order mark', `\uFEFF${text()}`],
    ['UTF-16', Buffer.from(text(), 'utf16le')],
    ['Latin-1', bytes(text({ place: 'Zürich' }))],
    ['a lone continuation byte', bytes('{"type":"reading","x":"\x80"}')],
    ['an overlong encoding', bytes('{"type":"reading","x":"\xc0\xaf"}')],
    ['a surrogate in UTF-8', bytes('{"type":"reading","x":"\xed\xa0\x80"}')],
    ['gzip that nobody announced', gzipSync(text())],
    ['the magic of a KPL aggregate, and rubbish', bytes('\xf3\x89\x9a\xc2rubbish-rubbish-rubbish')],
    ['something like one of our own ticks', '\u0000millrace:tick:rubbish'],
    ['NUL bytes', bytes('\0\0\0\0')],
  ]);
  each('invalid:series', [
    ['no series', without('series')],
    ['null for a series', text({ series: null })],
    ['an object for a series', text({ series: { a: 1 } })],
    ['a list for a series', text({ series: ['a'] })],
    ['a name longer than a key', text({ series: 'x'.repeat(513) })],
    ['half a surrogate pair', text({ series: 'PAIR' }).replace('PAIR', '\\ud83d')],
    ['series and time missing: the first counts', text({ series: undefined, ts: undefined })],
  ]);
  each('invalid:time', [
    ['no time', without('ts')],
    ['null', text({ ts: null })],
    ['a word', text({ ts: 'yesterday' })],
    ['a date without a time', text({ ts: '2026-03-01' })],
    ['no zone', text({ ts: '2026-03-01T00:00:00' })],
    ['30 February', text({ ts: '2026-02-30T00:00:00Z' })],
    ['29 February of no leap year', text({ ts: '2025-02-29T00:00:00Z' })],
    ['minute 60', text({ ts: '2026-03-01T00:60:00Z' })],
    ['a number as text', text({ ts: String(T0) })],
    ['a boolean', text({ ts: true })],
    ['a year no date can show', text({ ts: 1e300 })],
    ['time and value missing: the first counts', text({ ts: undefined, value: undefined })],
  ]);
  each('invalid:value', [
    ['no value', without('value')],
    ['null', text({ value: null })],
    ['a number as text', text({ value: '1.5' })],
    ['a boolean', text({ value: true })],
    ['a list', text({ value: [1] })],
    ['beyond all doubles', text({ value: 0 }).replace('"value":0', '"value":1e400')],
  ]);
  each('invalid:future', [
    ['a day ahead', text({ ts: T0 + 86_400_000 })],
    ['the year 9999', text({ ts: '9999-12-31T23:59:59Z' })],
  ]);
  each('unmatched', [
    ['no type', without('type')],
    ['another type', text({ type: 'Reading' })],
    ['a type that is no string', text({ type: ['reading'] })],
    ['an empty object', '{}'],
    ['a prototype in place of fields', '{"__proto__":{"type":"reading"},"value":1}'],
  ]);
  each('applied', [
    ['spaces around', `  ${text()}\r\n`],
    [
      'a field twice: the last counts',
      '{"type":"reading","id":"t","series":"a","ts":0,"ts":TS,"value":1}'.replace(
        'TS',
        String(T0 + script.nowMs),
      ),
    ],
    ['escapes', text({ series: 'A' }).replace('"A"', '"\\u0061"')],
  ]);
  return {
    name: 'poison',
    gzip: false,
    origin: 'hand-written: every way in which one record can be wrong',
    records: script.records,
  };
}
