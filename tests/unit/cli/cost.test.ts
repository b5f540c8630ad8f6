import { type BatchCounts, createBatchMetrics } from '@millrace/adapters/metrics';
import { costOf, type Load } from '../../../cli/src/cost/model';
import { PRICES } from '../../../cli/src/cost-estimate/prices';
import { run } from '../../../cli/src/main';
import { captureOutput } from './capture-output';

const LOAD: Load = {
  rate: 1_000,
  unmatched: 0,
  series: 100,
  windowMs: 60_000,
  batchWindowSeconds: 5,
  batchSize: 10_000,
  shards: 4,
  provisioned: false,
  parallelization: 4,
  recordBytes: 300,
  stateBytes: 1_000,
  memoryMb: 1_024,
  architecture: 'arm64',
  alarms: 10,
  dashboard: true,
};

const dollarsOf = (load: Partial<Load>, what: string) =>
  costOf({ ...LOAD, ...load }).perMillion.find((line) => line.what === what)?.dollars ?? Number.NaN;

describe('a million events', () => {
  test('one write for each series in each batch: 50 records of a series share one', () => {
    expect(dollarsOf({}, 'DynamoDB, states')).toBeCloseTo((20_000 / 1e6) * 0.625, 6);
  });

  test('a series that is in every batch once costs a write a record, at most', () => {
    const lonely = dollarsOf({ series: 1e6 }, 'DynamoDB, states');

    expect(lonely).toBeLessThanOrEqual(0.625);
    expect(lonely).toBeGreaterThan(0.6);
  });

  test.each([
    [
      'a longer batching window halves the writes',
      { batchWindowSeconds: 10 },
      'DynamoDB, states',
      0.5,
    ],
    ['a state of two kilobytes doubles them', { stateBytes: 1_500 }, 'DynamoDB, states', 2],
    ['longer windows mean fewer rows', { windowMs: 120_000 }, 'DynamoDB, rows', 0.5],
    [
      'a record of 1,025 bytes is billed as two kilobytes',
      { recordBytes: 1_025 },
      'Kinesis, data in',
      2,
    ],
    ['small batches cost invocations', { batchSize: 25 }, 'Lambda, invocations', 12.5],
  ])('%s', (_name, change, what, factor) => {
    expect(dollarsOf(change, what) / dollarsOf({}, what)).toBeCloseTo(factor, 2);
  });

  test.each([
    ['a tenth of them unmatched: a write for each of those', 0.1, 100_000],
    ['all of them', 1, 1_000_000],
  ])('%s', (_name, unmatched, writes) => {
    const cost = dollarsOf({ unmatched }, 'DynamoDB, unmatched records');

    expect(cost).toBeCloseTo((writes / 1e6) * 0.625, 6);
  });

  test('an unmatched record is in no series, and in a batch all the same', () => {
    const lonely = { series: 1e6, rate: 1_000 };
    const half = { ...lonely, unmatched: 0.5 };
    const share = (what: string) => dollarsOf(half, what) / dollarsOf(lonely, what);

    expect(share('DynamoDB, states')).toBeCloseTo(0.5, 2);
    expect(share('DynamoDB, reads')).toBeCloseTo(0.5, 2);
    expect(share('Lambda, invocations')).toBe(1);
    expect(share('Kinesis, data in')).toBe(1);
  });

  test('without unmatched records there is no line for them; without others none for series', () => {
    const named = (unmatched: number) =>
      costOf({ ...LOAD, unmatched }).perMillion.map(({ what }) => what);

    expect(named(0)).not.toContain('DynamoDB, unmatched records');
    expect(dollarsOf({ unmatched: 1 }, 'DynamoDB, states')).toBe(0);
    expect(dollarsOf({ unmatched: 1 }, 'DynamoDB, rows')).toBe(0);
    expect(dollarsOf({ unmatched: 1 }, 'DynamoDB, due index')).toBe(0);
  });

  test('of many series only those with an open window are in the due index', () => {
    const price = (series: number) => dollarsOf({ rate: 10, series }, 'DynamoDB, due index');

    expect(price(1_000_000)).toBeGreaterThanOrEqual(price(10_000));
    // A lonely record opens a window, which is looked at and closed: a few units beside its own.
    expect(price(1_000_000)).toBeLessThan(
      10 * dollarsOf({ rate: 10, series: 1_000_000 }, 'DynamoDB, states'),
    );
  });

  test('adds up', () => {
    const { perMillion, dollarsPerMillion } = costOf(LOAD);

    expect(perMillion.reduce((sum, { dollars }) => sum + dollars, 0)).toBeCloseTo(
      dollarsPerMillion,
    );
  });
});

test('a stack with a load pays for each metric that its consumer writes', () => {
  let line = '';
  createBatchMetrics({
    ...{ namespace: 'millrace/test', service: 'stream-consumer', nowMs: () => 0 },
    write: (text) => {
      line = text;
    },
    // The values do not matter.
  })({} as BatchCounts);
  const [{ Metrics }] = JSON.parse(line)._aws.CloudWatchMetrics;
  const { dollarsPerMonth, dollarsPerMillion, idleDollarsPerMonth } = costOf(LOAD);

  const rest = dollarsPerMonth - idleDollarsPerMonth - dollarsPerMillion * 0.001 * 730 * 3600;
  expect(rest / PRICES.cloudWatchPerMetricMonth).toBeCloseTo(Metrics.length, 6);
});

describe('an idle stack', () => {
  test('pays for its stream, its alarms and its dashboard', () => {
    const { idlePerMonth, idleDollarsPerMonth } = costOf({ ...LOAD, rate: 0 });
    const named = Object.fromEntries(idlePerMonth.map(({ what, dollars }) => [what, dollars]));

    expect(named['Kinesis, on-demand stream']).toBeCloseTo(730 * PRICES.kinesisPerStreamHour);
    expect(named['CloudWatch, alarms']).toBeCloseTo(1);
    expect(named['CloudWatch, dashboard']).toBe(3);
    expect(idleDollarsPerMonth).toBeGreaterThan(33);
  });

  test('without records a month costs what it costs idle', () => {
    const { dollarsPerMonth, idleDollarsPerMonth, perMillion } = costOf({ ...LOAD, rate: 0 });

    expect(dollarsPerMonth).toBe(idleDollarsPerMonth);
    expect(perMillion).toEqual([]);
  });

  test('a provisioned stream pays for its shards', () => {
    const [stream] = costOf({ ...LOAD, provisioned: true, shards: 2 }).idlePerMonth;

    expect(stream).toMatchObject({ what: 'Kinesis, shards' });
    expect(stream?.dollars).toBeCloseTo(2 * 730 * 0.015);
  });
});

describe('millrace cost', () => {
  let output: ReturnType<typeof captureOutput>;
  beforeEach(() => {
    output = captureOutput();
  });
  afterEach(() => output.restore());

  test('says both, and of when the prices are', async () => {
    expect(await run(['cost', '--rate', '500'])).toBe(0);

    expect(output.printed.stdout).toMatch(/^An idle stack: \$\d+\.\d\d a month$/m);
    expect(output.printed.stdout).toMatch(/^A million events: \$[\d.]+, at \d+/m);
    expect(output.printed.stdout).toContain(`List prices of ${PRICES.asOf}, ${PRICES.region}`);
  });

  test('takes the unmatched share in percent', async () => {
    expect(await run(['cost', '--unmatched', '2.5', '--json'])).toBe(0);

    const { load, perMillion } = JSON.parse(output.printed.stdout);
    expect(load.unmatched).toBe(0.025);
    expect(perMillion).toContainEqual({
      what: 'DynamoDB, unmatched records',
      dollars: expect.closeTo(0.025 * PRICES.dynamoDbPerMillionWriteUnits),
      basis: '25,000 write units',
    });
  });

  test('counts the alarms of the template', async () => {
    expect(await run(['cost', '--json'])).toBe(0);

    const { load, idlePerMonth } = JSON.parse(output.printed.stdout);
    expect(load.alarms).toBeGreaterThan(5);
    expect(load.dashboard).toBe(true);
    expect(idlePerMonth).toContainEqual(
      expect.objectContaining({ basis: `${load.alarms} alarms` }),
    );
  });

  test.each([
    [['--window', '1 minute'], '--window: expected a duration'],
    [['--rate', '5000', '--shards', '2'], '--shards: this rate needs 5 or more, got 2'],
    [['--unmatched', '101'], '--unmatched: expected a number from 0 to 100, got "101"'],
    [['--rate', 'x'], '--rate: expected a number from 0 to 10000000, got "x"'],
  ])('%j is refused', async (args, line) => {
    expect(await run(['cost', ...args])).toBe(2);
    expect(output.errorLines()).toHaveLength(1);
    expect(output.printed.stderr).toContain(line);
  });
});
