import { type HostileRecording, hostileScript, T0 } from './hostile-recording';

const NAMES: readonly (readonly [name: string, why: string])[] = [
  ['__proto__', 'the prototype'],
  ['constructor', 'a member of every object'],
  ['toString', 'a member of every object'],
  ['hasOwnProperty', 'a member of every object'],
  ['a#b', 'the separator of keys'],
  ['a%23b', 'the separator as it is escaped'],
  ['%', 'the sign that escapes'],
  ['#', 'nothing but a separator'],
  ['a|b', 'the separator of series parts'],
  ['a\\|b', 'the separator with its escape'],
  ['a\\', 'an escape at the end'],
  ['\\', 'nothing but an escape'],
  ['=a', 'the prefix of sort keys'],
  ['S#hostile.value', 'the prefix of state items'],
  ['R#x', 'the prefix of rows'],
  ['tick', 'one of our words'],
  ['millrace:tick', 'almost a marker'],
  ['\u0000millrace:tick:["hostile.value","a"]', 'the marker itself, as a name'],
  ['due', 'an attribute of ours'],
  ['*', 'the name of the only series'],
  ['null', 'a word of JSON'],
  ['-', 'a stand-in for no metric'],
  ['', 'the empty name'],
  [' ', 'a space'],
  ['\n', 'a line break'],
  ['\u2028', 'a line break only JavaScript once knew'],
  ['é', 'composed'],
  ['e\u0301', 'decomposed: another name'],
  ['\u202Eabc', 'right to left'],
  ['日本語', 'three bytes a character'],
  ['👩‍👩‍👧‍👦', 'a family of seven code points'],
  ['\uFFFD', 'the replacement character itself'],
  ['\uFFFF', 'behind every other 16-bit unit, before it in UTF-8'],
  ['x'.repeat(512), 'as long as a name may be'],
  ['../../etc/passwd', 'a path'],
  ['$' + '{jndi:x}', 'a template'],
  ['<script>alert(1)</script>', 'HTML'],
  ["'; DROP TABLE rows; --", 'SQL'],
];

/** Names that are markers, separators or prototypes somewhere: each must be a series like any other. */
export function names(): HostileRecording {
  const script = hostileScript(200);
  const ts = () => T0 + script.nowMs;
  for (const [index, [name, why]] of NAMES.entries()) {
    // A partition key has at least one and at most 256 characters.
    const partitionKey = [...name].slice(0, 256).join('') || 'empty';
    for (const value of [1, 2]) {
      const record = {
        type: 'reading',
        id: `n${index}-${value}`,
        series: name,
        ts: ts(),
        value,
        user: name,
      };
      script.add('applied', why, JSON.stringify(record), partitionKey);
    }
  }
  const values = [true, false, 1, 1.0, 1e21, -0, 0.1];
  for (const series of values) {
    script.add(
      'applied',
      'a series that is no string',
      JSON.stringify({ type: 'reading', series, ts: ts(), value: 1 }),
    );
  }
  const labels = (json: string) => `{"type":"labelled","ts":${ts()},"labels":${json}}`;
  const own = '{"__proto__":"p","constructor":"c|d"}';
  script.add('applied', 'paths through names of prototypes, own members', labels(own));
  script.add('invalid:series', 'inherited members are none', labels('{"__proto__":"p"}'));
  script.add('invalid:series', 'nor on a list', labels('["p","c"]'));
  script.add('invalid:series', 'nor on a string', labels('"text"'));
  script.add('invalid:series', 'no labels', `{"type":"labelled","ts":${ts()}}`);
  const odd = (id: number) => JSON.stringify({ type: 'odd', id, ts: ts(), value: id });
  script.add('applied', 'a metric with an odd name', odd(1));
  script.add('applied', 'and again', odd(2));
  script.add('duplicate', 'and its duplicate', odd(2));
  const last = { type: 'reading', series: 'members', ts: ts(), value: 1 };
  const inherited = JSON.stringify(last).slice(0, -1);
  script.add(
    'applied',
    'fields named like prototypes',
    `${inherited},"__proto__":{"value":9},"toString":1}`,
  );
  return {
    name: 'names',
    gzip: false,
    origin:
      'hand-written: series, keys and fields with names that are separators, markers or prototypes',
    records: script.records,
  };
}
