import { type Expectation, type HostileRecording, hostileScript, T0 } from './hostile-recording';

const MIB = 1_048_576;

/** Records around the limit of 1 MiB, and large in other ways. Compresses to a few kilobytes. */
export function huge(): HostileRecording {
  const script = hostileScript(1_000);
  let id = 0;
  const reading = (fields: string) =>
    `{"type":"reading","id":"h${++id}","series":"huge","ts":${T0 + script.nowMs},"value":${id}${fields}}`;
  const padded = (bytes: number) => {
    const empty = reading(',"pad":""');
    return empty.replace('"pad":""', `"pad":"${'x'.repeat(bytes - empty.length)}"`);
  };
  const sized = (expect: Expectation, why: string, bytes: number) =>
    script.add(expect, why, padded(bytes));

  sized('applied', 'half of what is allowed', MIB / 2);
  sized('applied', 'as large as allowed', MIB);
  sized('invalid:size', 'a byte too large', MIB + 1);
  script.add('applied', 'a small one behind it', reading(''));
  script.add('invalid:size', 'two of them, no JSON', 'x'.repeat(2 * MIB));
  const many = Array.from({ length: 20_000 }, (_, index) => `"f${index}":${index}`).join(',');
  script.add('applied', 'twenty thousand fields', reading(`,${many}`));
  const deep = `${'['.repeat(2_000)}${']'.repeat(2_000)}`;
  script.add('applied', 'two thousand lists in one another', reading(`,"deep":${deep}`));
  script.add(
    'applied',
    'a number of ten thousand digits, beside the value',
    reading(`,"long":${'9'.repeat(10_000)}`),
  );
  const user = JSON.stringify('👤'.repeat(20_000));
  script.add('applied', 'a name that no sketch wants to keep', reading(`,"user":${user}`));
  script.add(
    'applied',
    'a partition key of 256 characters, 1,024 bytes',
    reading(''),
    '🔑'.repeat(256),
  );
  return {
    name: 'huge',
    gzip: true,
    origin: 'generated: records around the size limit and large in other ways',
    records: script.records,
  };
}
