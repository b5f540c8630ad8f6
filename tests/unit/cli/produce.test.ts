import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run as runCommand } from '../../../cli/src/main';
import { ANOMALY_KINDS, distort, type PlannedAnomaly } from '../../../cli/src/produce/anomaly';
import { type ProduceOptions, planProduction } from '../../../cli/src/produce/plan';
import { produce } from '../../../cli/src/produce/produce';
import type { Truth } from '../../../cli/src/produce/truth';
import { captureOutput } from './capture-output';

// A replay takes a second, on a busy machine several.
jest.setTimeout(60_000);

const OPTIONS: ProduceOptions = {
  seed: 1,
  series: 4,
  shards: 3,
  startMs: Date.UTC(2026, 0, 5),
  durationMs: 20 * 60_000,
  periodMs: 1_000,
  anomalies: 5,
  late: 6,
  duplicates: 6,
  outOfOrder: 0.05,
  poison: 12,
};

interface Line {
  readonly s: string;
  readonly q: string;
  readonly p: string;
  readonly a: number;
  readonly j?: { readonly id: string; readonly ts: number; readonly value: number };
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-produce-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

async function produced(change: Partial<ProduceOptions> = {}, name = 'a.ndjson') {
  const out = join(folder, name);
  const { truth } = await produce(out, { ...OPTIONS, ...change });
  return { out, truth };
}

function linesOf(out: string): Line[] {
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n').slice(1, -1);
  return lines.map((line) => JSON.parse(line));
}

async function command(...args: string[]) {
  const output = captureOutput();
  try {
    const code = await runCommand(args);
    return { code, stdout: output.printed.stdout, errors: output.errorLines() };
  } finally {
    output.restore();
  }
}

describe('produce', () => {
  it('writes the same bytes for the same seed, and other bytes for another', async () => {
    const bytes = async (name: string, seed: number) => {
      const { out } = await produced({ seed }, name);
      return ['', '.truth.json', '.pipeline.json'].map((end) => readFileSync(out + end, 'utf8'));
    };
    const first = await bytes('first.ndjson', 7);

    expect(await bytes('second.ndjson', 7)).toEqual(first);
    expect((await bytes('third.ndjson', 8))[0]).not.toBe(first[0]);
  });

  it('gives records the place Kinesis would: shard by MD5, 56 digits that grow with arrival', async () => {
    const { out } = await produced();
    const newest = new Map<string, Line>();
    for (const line of linesOf(out)) {
      const hash = BigInt(`0x${createHash('md5').update(line.p).digest('hex')}`);
      expect(Number(line.s.slice('shardId-'.length))).toBe(Number((hash * 3n) >> 128n));
      expect(line.q).toMatch(/^\d{56}$/);
      const before = newest.get(line.s);
      if (before) expect([line.q > before.q, line.a >= before.a]).toEqual([true, true]);
      newest.set(line.s, line);
    }
    expect(newest.size).toBeGreaterThan(1);
  });

  it('leaves the signal as it is when more faults are asked for', async () => {
    const values = async (late: number, name: string) => {
      const { out } = await produced({ late, poison: 0, duplicates: 0 }, name);
      const samples = linesOf(out).flatMap(({ j }) => (j ? [[j.id, j.value] as const] : []));
      return new Map(samples);
    };

    expect(await values(9, 'nine.ndjson')).toEqual(await values(0, 'none.ndjson'));
  });

  it('tells in the truth where each anomaly is, and has no sample where data is missing', async () => {
    const { out, truth } = await produced();
    const missing = truth.anomalies.find(({ kind }) => kind === 'missing')!;
    const inside = linesOf(out).filter(
      ({ p, j }) =>
        p === missing.series &&
        j !== undefined &&
        j.ts >= Date.parse(missing.from) &&
        j.ts < Date.parse(missing.to),
    );

    expect(truth.anomalies.map(({ kind }) => kind).sort()).toEqual([...ANOMALY_KINDS].sort());
    expect(inside).toEqual([]);
  });

  it('counts as out of order the samples that a later one overtook', async () => {
    const { out, truth } = await produced({ late: 0, duplicates: 0, poison: 0, outOfOrder: 0.1 });
    const newestMs = new Map<string, number>();
    const overtaken = linesOf(out).filter(({ p, j }) => {
      const before = newestMs.get(p) ?? Number.NEGATIVE_INFINITY;
      newestMs.set(p, Math.max(before, j!.ts));
      return j!.ts < before;
    });

    // The last samples of a series, or before a silence, have nobody to overtake them.
    expect(overtaken.length).toBeGreaterThan(0);
    expect(overtaken.length).toBeLessThanOrEqual(truth.outOfOrder);
    expect(overtaken.length).toBeGreaterThan(truth.outOfOrder - 20);
  });
});

describe.each<[name: string, change: Partial<ProduceOptions>]>([
  ['a sample a second', {}],
  [
    'twenty samples a second, a third of them out of order',
    {
      ...{ periodMs: 50, durationMs: 360_000, outOfOrder: 0.3, anomalies: 2 },
    },
  ],
  [
    'a sample every five minutes',
    {
      ...{ periodMs: 300_000, durationMs: 3 * 86_400_000, outOfOrder: 0.2 },
    },
  ],
  ['nothing wrong at all', { anomalies: 0, late: 0, duplicates: 0, outOfOrder: 0, poison: 0 }],
])('the truth of %s', (_name, change) => {
  it('is what the real consumer finds', async () => {
    const { out, truth } = await produced({ ...change, seed: 11 });
    const results = join(folder, 'results');
    const run = await command(
      'replay',
      out,
      '--pipeline',
      `${out}.pipeline.json`,
      '--out',
      results,
      '--json',
    );
    const quarantine = readFileSync(join(results, 'quarantine.ndjson'), 'utf8');
    const found = quarantine
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const placed = ({ shard, sequence, reason }: Record<string, string>) =>
      `${reason} ${shard} ${sequence}`;
    const expected = [
      ...truth.late.map((record) => placed({ ...record, reason: 'late' } as never)),
      ...truth.poison.map((record) => placed(record as never)),
    ];

    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject(truth.expected);
    expect(found.map(placed).sort()).toEqual(expected.sort());
  });
});

describe('distort', () => {
  const anomaly = (kind: PlannedAnomaly['kind']): PlannedAnomaly => ({
    ...{ kind, series: 0, fromMs: 1_000, toMs: 3_000, size: 10 },
  });
  const signal = { level: 50, noise: 2, at: () => 50 };

  it.each<[PlannedAnomaly['kind'], number | null]>([
    ['spike', 70],
    ['level-shift', 70],
    ['drift', 60],
    ['flat-line', 44],
    ['missing', null],
  ])('%s: a normal 50 half way through becomes %p', (kind, expected) => {
    expect(distort(anomaly(kind), 50, { eventMs: 2_000, signal, frozen: 44 })).toBe(expected);
  });
});

describe('millrace produce', () => {
  it('prints one JSON document that names its files and what to expect', async () => {
    const out = join(folder, 'demo.ndjson.gz');
    const run = await command(
      'produce',
      '--out',
      out,
      '--duration',
      '10m',
      '--late',
      '0',
      '--json',
    );
    const truth: Truth = JSON.parse(readFileSync(`${out}.truth.json`, 'utf8'));

    expect(run).toMatchObject({ code: 0, errors: [] });
    expect(JSON.parse(run.stdout)).toMatchObject({
      recording: out,
      truth: `${out}.truth.json`,
      pipeline: `${out}.pipeline.json`,
      expected: truth.expected,
    });
  });

  it.each([
    [['--rate', '0'], '--rate: expected a rate from "1/h" to "200/s", got "0"'],
    [['--duration', '4'], '--duration: expected a duration from 1m to 366d, got "4"'],
    [['--out-of-order', '2'], '--out-of-order: expected a share from 0 to 1, got "2"'],
    [['--start', 'now'], '--start: expected a moment like "2026-01-05T00:00:00Z", got "now"'],
    [['--series', '0'], '--series: expected a whole number from 1 to 100000, got "0"'],
  ])('%p: one line, exit 2, no file', async (args, line) => {
    const out = join(folder, 'no.ndjson');
    const run = await command('produce', '--out', out, ...args);

    expect(run).toEqual({ code: 2, stdout: '', errors: [`millrace produce: ${line}`] });
    expect(() => readFileSync(out)).toThrow('ENOENT');
  });

  it('refuses faults that do not fit, each on a line', async () => {
    const out = join(folder, 'no.ndjson');
    const run = await command('produce', '--out', out, '--duration', '1m', '--late', '9');

    expect(run.code).toBe(2);
    expect(run.errors[0]).toBe(
      'millrace produce: only 0 of 9 late records fit: ask for fewer, for more series or for a longer --duration',
    );
  });
});

describe('planProduction', () => {
  it('never puts two anomalies of a series on top of one another', () => {
    const { anomalies } = planProduction({ ...OPTIONS, anomalies: 9, series: 2 });
    const overlaps = anomalies.filter((one) =>
      anomalies.some(
        (other) =>
          other !== one &&
          other.series === one.series &&
          other.fromMs < one.toMs &&
          one.fromMs < other.toMs,
      ),
    );

    expect(anomalies.length).toBeGreaterThan(4);
    expect(overlaps).toEqual([]);
  });
});
