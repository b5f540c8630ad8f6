import { type ReferenceRecord, reference } from '../../helper/reference';
import type { ExpectedValue } from '../../helper/reference-aggregate';

/** 2026-01-01T00:00:00Z; windows of a minute start here. */
const T0 = 1_767_225_600_000;
const S = 1000;

const METRIC = {
  series: ['host'],
  time: 'ts',
  value: 'v',
  window: { type: 'tumbling', size: '1m' },
  outOfOrderness: '10s',
  allowedLateness: '1m',
  idleClose: '2m',
  maxFutureSkew: '1m',
  aggregates: ['count', 'sum'],
};

interface Sample {
  /** Seconds after T0. */
  at: number;
  /** Defaults to `at`. */
  arrival?: number;
  v?: unknown;
  key?: string;
  shard?: string;
  [field: string]: unknown;
}

let next = 0;

function sample({ at, arrival = at, key = 'k', shard = 's0', ...fields }: Sample): ReferenceRecord {
  const json = { host: 'h', v: 1, ts: T0 + at * S, ...fields };
  return raw(Buffer.from(JSON.stringify(json)), T0 + arrival * S, key, shard);
}

function raw(bytes: Buffer, arrivalMs = T0, partitionKey = 'k', shard = 's0'): ReferenceRecord {
  next += 1;
  return { shard, sequence: String(next), partitionKey, arrivalMs, bytes };
}

function run(samples: (Sample | ReferenceRecord)[], metric: object = {}) {
  const records = samples.map((s) => ('bytes' in s ? (s as ReferenceRecord) : sample(s as Sample)));
  return reference(records, { version: 1, metrics: { m: { ...METRIC, ...metric } } });
}

/** `start rev late count sum` of each row, start in seconds after T0. */
function table(result: ReturnType<typeof run>): string[] {
  return result.rows.map((row) => {
    const values = Object.values(row.values).map(show).join(' ');
    return `${(row.startMs - T0) / S}: rev ${row.rev} late ${row.late} = ${values}`;
  });
}

function show(value: ExpectedValue): string {
  switch (value.kind) {
    case 'exact':
      return value.oneOf.join('|');
    case 'near':
      return String(value.value);
    case 'distinct':
      return String(value.count);
    case 'top':
      return JSON.stringify([...value.counts]);
  }
}

describe.each<[string, Sample[], object, string[]]>([
  ['no record', [], {}, []],
  [
    'two records of one window',
    [
      { at: 0, v: 2 },
      { at: 59.999, v: 3 },
    ],
    {},
    ['0: rev 1 late 0 = 2 5'],
  ],
  [
    'a record on the border opens the next window',
    [{ at: 0 }, { at: 60 }],
    {},
    ['0: rev 1 late 0 = 1 1', '60: rev 1 late 0 = 1 1'],
  ],
  [
    'a record at the end plus out-of-orderness publishes, the next one behind is a revision',
    [{ at: 0 }, { at: 70 }, { at: 30, arrival: 70 }],
    {},
    ['0: rev 2 late 1 = 2 2', '60: rev 1 late 0 = 1 1'],
  ],
  [
    'one millisecond less publishes nothing',
    [{ at: 0 }, { at: 69.999 }, { at: 30, arrival: 70 }],
    {},
    ['0: rev 1 late 0 = 2 2', '60: rev 1 late 0 = 1 1'],
  ],
  [
    'every late record is a revision of its own',
    [{ at: 0 }, { at: 70 }, { at: 1, arrival: 70 }, { at: 2, arrival: 70 }],
    {},
    ['0: rev 3 late 2 = 3 3', '60: rev 1 late 0 = 1 1'],
  ],
  [
    'a window first created behind the watermark is revision 1 with late 1',
    [{ at: 130 }, { at: 70, arrival: 130 }],
    {},
    ['60: rev 1 late 1 = 1 1', '120: rev 1 late 0 = 1 1'],
  ],
  [
    'a watermark at end plus lateness refuses, one millisecond before it does not',
    [{ at: 0 }, { at: 129.999 }, { at: 1, arrival: 130 }, { at: 130 }, { at: 2, arrival: 130 }],
    {},
    ['0: rev 2 late 1 = 2 2', '120: rev 1 late 0 = 2 2'],
  ],
  [
    'an arrival gap of idleClose closes, so the record behind it is a revision',
    [{ at: 0 }, { at: 1, arrival: 120 }],
    {},
    ['0: rev 2 late 1 = 2 2'],
  ],
  [
    'a gap one millisecond shorter does not',
    [{ at: 0 }, { at: 1, arrival: 119.999 }],
    {},
    ['0: rev 1 late 0 = 2 2'],
  ],
  [
    'idle close moves to the end of the newest open window',
    [{ at: 0 }, { at: 61 }, { at: 62, arrival: 200 }, { at: 1, arrival: 200 }],
    {},
    ['0: rev 1 late 0 = 1 1', '60: rev 2 late 1 = 2 2'],
  ],
  [
    'idle close stops at the arrival minus out-of-orderness: the window that runs goes on',
    [{ at: 0 }, { at: 5, arrival: 130 }, { at: 121, arrival: 130 }, { at: 122, arrival: 260 }],
    { window: { type: 'tumbling', size: '2m' }, allowedLateness: '5m' },
    ['0: rev 2 late 1 = 2 2', '120: rev 2 late 1 = 2 2'],
  ],
  [
    'a window of an hour outlives any number of quiet minutes',
    [{ at: 0 }, { at: 600 }, { at: 1200 }, { at: 3599 }, { at: 3700 }],
    { window: { type: 'tumbling', size: '1h' } },
    ['0: rev 1 late 0 = 4 4', '3600: rev 1 late 0 = 1 1'],
  ],
  [
    'a record from a fast clock closes nothing for those whose clock is right',
    [{ at: 0 }, { at: 75, arrival: 16 }, { at: 20 }, { at: 69 }, { at: 30, arrival: 70 }],
    {},
    ['0: rev 1 late 0 = 3 3', '60: rev 1 late 0 = 2 2'],
  ],
  [
    'a duplicate advances the arrival clock: no gap is left',
    [
      { at: 0, id: 'a' },
      { at: 0, id: 'a', arrival: 100 },
      { at: 1, id: 'b', arrival: 210 },
    ],
    { dedupe: { by: 'eventId', path: 'id' } },
    ['0: rev 1 late 0 = 2 2'],
  ],
  [
    'an invalid record leaves the arrival clock alone',
    [{ at: 0 }, { at: 0, v: 'x', arrival: 100 }, { at: 1, arrival: 210 }],
    {},
    ['0: rev 2 late 1 = 2 2'],
  ],
  [
    'an arrival that steps back does not turn the clock back',
    [
      { at: 0, arrival: 100 },
      { at: 1, arrival: 50 },
      { at: 2, arrival: 219 },
    ],
    {},
    ['0: rev 1 late 0 = 3 3'],
  ],
  [
    'equal event times are duplicates by event time, in the same window only',
    [{ at: 5 }, { at: 5, v: 7 }, { at: 6 }],
    { dedupe: { by: 'eventTime' } },
    ['0: rev 1 late 0 = 2 2'],
  ],
  [
    'the same id in the next window is no duplicate',
    [
      { at: 5, id: 1 },
      { at: 65, id: 1 },
    ],
    { dedupe: { by: 'eventId', path: 'id' } },
    ['0: rev 1 late 0 = 1 1', '60: rev 1 late 0 = 1 1'],
  ],
  [
    'null, objects and nothing at all are no key',
    [{ at: 5, id: null }, { at: 5, id: null }, { at: 5, id: {} }, { at: 5, id: {} }, { at: 5 }],
    { dedupe: { by: 'eventId', path: 'id' } },
    ['0: rev 1 late 0 = 5 5'],
  ],
  [
    'two partition keys: greatest revision, sum of late, all values',
    [
      { at: 0, v: 1 },
      { at: 70, v: 1 },
      { at: 1, arrival: 70, v: 1 },
      { at: 2, v: 10, key: 'other' },
      { at: 70, v: 1, key: 'other' },
      { at: 3, arrival: 70, v: 10, key: 'other' },
      { at: 4, arrival: 70, v: 10, key: 'other' },
    ],
    {},
    ['0: rev 3 late 3 = 5 32', '60: rev 1 late 0 = 2 2'],
  ],
  [
    'offset windows start at the offset, also before the epoch time of the record',
    [{ at: 0 }, { at: 30 }],
    { window: { type: 'tumbling', size: '1m', offset: '30s' } },
    ['-30: rev 1 late 0 = 1 1', '30: rev 1 late 0 = 1 1'],
  ],
  [
    'zero lateness and out-of-orderness: an event at the end makes the window final',
    [{ at: 0 }, { at: 60 }, { at: 59, arrival: 60 }],
    { outOfOrderness: '0s', allowedLateness: '0s', maxFutureSkew: '1m' },
    ['0: rev 1 late 0 = 1 1', '60: rev 1 late 0 = 1 1'],
  ],
  [
    'a week of silence starts a new life, whose watermark refuses the old window',
    [{ at: 0 }, { at: 1, arrival: 7 * 86_400 + 0.001 }],
    {},
    ['0: rev 1 late 0 = 1 1'],
  ],
  [
    'a week of silence to the millisecond is still the old life',
    [{ at: 0 }, { at: 1, arrival: 7 * 86_400 }],
    {},
    ['0: rev 2 late 1 = 2 2'],
  ],
  [
    'sums are exact where adding in order is not',
    [
      { at: 0, v: 1e16 },
      { at: 1, v: 1 },
      { at: 2, v: -1e16 },
      { at: 3, v: 0.1 },
      { at: 4, v: 0.2 },
    ],
    {},
    ['0: rev 1 late 0 = 5 1.3'],
  ],
  [
    'a value that makes the sum infinite leaves no trace',
    [
      { at: 0, v: 1.7e308 },
      { at: 1, v: 1.7e308, arrival: 500 },
      { at: 2, v: -1.7e308 },
    ],
    {},
    ['0: rev 1 late 0 = 2 0'],
  ],
])('given %s', (_input, samples, metric, expected) => {
  it('shows the rows computed by hand', () => {
    expect(table(run(samples, metric))).toEqual(expected);
  });
});

describe('given 300 keys in one window', () => {
  it('remembers the latest 256, and counts what pushed one out', () => {
    const once = Array.from({ length: 300 }, (_, i) => ({ at: 0, id: `${i}` }));
    const latest = once.slice(44);
    const result = run([...once, ...latest, ...once.slice(0, 2)], {
      dedupe: { by: 'eventId', path: 'id' },
    });

    expect(result.accounting).toMatchObject({ applied: 302, duplicate: 256, dedupeOverflow: 46 });
  });
});

describe.each<[string, ReferenceRecord, string, string | null]>([
  ['text that is not base64', { ...raw(Buffer.from('%')), notBase64: true }, 'base64', null],
  ['a byte over 1 MiB', raw(Buffer.alloc(1024 * 1024 + 1, '1')), 'size', null],
  ['invalid UTF-8', raw(Buffer.from('{"a":"\xff"}', 'latin1')), 'json', null],
  ['a byte order mark', raw(Buffer.from('\ufeff{}')), 'json', null],
  ['an array', raw(Buffer.from('[1]')), 'json', null],
  ['a number', raw(Buffer.from('1')), 'json', null],
  ['null', raw(Buffer.from('null')), 'json', null],
  ['nothing', raw(Buffer.alloc(0)), 'json', null],
  ['no series', sample({ at: 0, host: undefined }), 'series', 'm'],
  ['a series that is null', sample({ at: 0, host: null }), 'series', 'm'],
  ['bad series and bad time', sample({ at: 0, host: [], ts: 'x' }), 'series', 'm'],
  ['a time that is no date', sample({ at: 0, ts: '2026-02-29T00:00Z' }), 'time', 'm'],
  ['a time without zone', sample({ at: 0, ts: '2026-01-01T00:00:00' }), 'time', 'm'],
  ['bad time and bad value', sample({ at: 0, ts: true, v: 'x' }), 'time', 'm'],
  ['a value in quotes', sample({ at: 0, v: '1' }), 'value', 'm'],
  ['an infinite value', raw(Buffer.from(`{"host":"h","ts":${T0},"v":1e999}`)), 'value', 'm'],
  ['a future time', sample({ at: 60.001, arrival: 0 }), 'future', 'm'],
])('given %s', (_input, record, reason, metric) => {
  it(`quarantines with the reason ${reason}`, () => {
    const result = run([record]);

    const { shard, sequence, partitionKey, arrivalMs, bytes } = record;
    expect(result.quarantine).toEqual([
      { reason, metric, shard, sequence, sub: 0, partitionKey, arrivalMs, data: bytes },
    ]);
    expect(result.accounting).toMatchObject({ records: 1, in: 1, invalid: 1, applied: 0 });
  });
});

describe.each<[string, object, object, number]>([
  ['exactly the allowed skew ahead', { ts: T0 + 60_000 }, {}, 60_000],
  ['seconds', { ts: T0 / S + 1.5 }, { timeUnit: 's' }, 1500],
  ['microseconds, rounded down', { ts: T0 * S + 1999 }, { timeUnit: 'us' }, 1],
  ['nanoseconds', { ts: (T0 + 7) * 1e6 }, { timeUnit: 'ns' }, 7],
  ['fractions of a millisecond', { ts: T0 + 1.9 }, {}, 1],
  ['a text with an offset', { ts: '2026-01-01T05:30:00.1239+05:30' }, {}, 123],
  ['a text without seconds', { ts: '2026-01-01T00:00Z' }, {}, 0],
  ['no time setting', { ts: 'x' }, { time: undefined }, 250],
])('given a time as %s', (_input, fields, metric, expected) => {
  it('finds the millisecond', () => {
    const size = { window: { type: 'tumbling', size: '1ms' } };

    const result = run([sample({ at: 0, arrival: 0.25, ...fields })], { ...metric, ...size });

    expect(result.rows.map((row) => row.startMs - T0)).toEqual([expected]);
  });
});

describe('given several metrics and shards', () => {
  it('counts a record once a matching metric, or once when none matches', () => {
    const result = reference(
      [
        sample({ at: 0, type: 'a' }),
        sample({ at: 0, type: 'b', shard: 's1' }),
        sample({ at: 0, type: 'c' }),
      ],
      {
        version: 1,
        metrics: {
          first: { ...METRIC, match: { type: 'a' } },
          second: { ...METRIC, match: { type: ['a', 'b'] }, value: 'missing' },
        },
      },
    );

    expect(result.accounting).toEqual({
      ...{ records: 3, in: 4, applied: 1, late: 0, duplicate: 0, invalid: 2, unmatched: 1 },
      ...{ revised: 0, dedupeOverflow: 0 },
    });
    expect(result.quarantine.map((entry) => [entry.metric, entry.reason, entry.shard])).toEqual([
      ['second', 'value', 's0'],
      ['second', 'value', 's1'],
    ]);
  });

  it('names a series by its escaped parts', () => {
    const record = sample({ at: 0, 'a.b': 'x|y\\', list: [true, 1.5] });

    const result = run([record], { series: ['a\\.b', 'list.0', 'list.1'] });

    expect(result.rows.map((row) => row.series)).toEqual(['x\\|y\\\\|true|1.5']);
  });
});

describe('given every aggregate', () => {
  it('computes each by its definition', () => {
    const samples = [
      { at: 3, v: 4, user: 'b' },
      { at: 1, v: 1, user: 'a' },
      { at: 1, v: 2, user: 'a' },
      { at: 3, v: 3 },
    ];
    const ops = ['mean', 'min', 'max', 'first', 'last', 'variance', 'stddev', 'p50', 'p99', 'rate'];

    const result = run(samples, {
      aggregates: [
        ...ops,
        { op: 'distinct', path: 'user', as: 'users' },
        { op: 'top', path: 'user', as: 'best', k: 1 },
      ],
    });

    const values = result.rows[0]!.values;
    expect(
      Object.fromEntries(Object.entries(values).map(([as, value]) => [as, show(value)])),
    ).toEqual({
      ...{ mean: '2.5', min: '1', max: '4', first: '1', last: '3', variance: '1.25' },
      ...{ stddev: String(Math.sqrt(1.25)), p50: '2', p99: '3', rate: String(4 / 60), users: '2' },
      best: '[["b",1],["a",2]]',
    });
  });
});
