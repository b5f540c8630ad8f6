import { BATCH_METRICS } from '@millrace/adapters/metrics';
import { type Architecture, PRICES } from '../cost-estimate/prices';
import { grouped } from '../output';

/** A steady load, and the settings that its cost depends on. */
export interface Load {
  /** Records a second, unmatched ones included. */
  readonly rate: number;
  /** Share of the records that no metric matches: 0 to 1. */
  readonly unmatched: number;
  readonly series: number;
  readonly windowMs: number;
  readonly batchWindowSeconds: number;
  readonly batchSize: number;
  readonly shards: number;
  readonly provisioned: boolean;
  readonly parallelization: number;
  readonly recordBytes: number;
  /** Of the state item of a series, its outbox included. */
  readonly stateBytes: number;
  readonly memoryMb: number;
  readonly architecture: Architecture;
  /** What the template makes: alarms are paid for each, a dashboard as a whole. */
  readonly alarms: number;
  readonly dashboard: boolean;
}

export interface CostLine {
  readonly what: string;
  readonly dollars: number;
  /** How many units of what were counted. */
  readonly basis: string;
}

export interface LoadCost {
  /** A month without any record. */
  readonly idlePerMonth: readonly CostLine[];
  readonly idleDollarsPerMonth: number;
  /** What a million records add. */
  readonly perMillion: readonly CostLine[];
  readonly dollarsPerMillion: number;
  /** Both at the given rate. */
  readonly dollarsPerMonth: number;
  readonly recordsPerInvocation: number;
  readonly asOf: string;
  readonly region: string;
}

const GB = 1024 ** 3;
const KB = 1024;
const MILLION = 1_000_000;
const HOURS_PER_MONTH = 730;
const SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600;

/**
 * Durations are assumptions, not counts: `npm start` measures your pipeline. A batch waits for its
 * reads and commits in rounds of 32 series, some 6 ms a call; a record costs some 20 µs at one vCPU.
 */
const BATCH_SECONDS = 0.01;
const ROUND_SECONDS = 0.012;
const RECORD_SECONDS_AT_VCPU = 0.00002;
const VCPU_MB = 1_769;
const SERIES_PER_ROUND = 32;
/** One query of each of 16 index buckets a minute, half a unit each. */
const SWEEP_READ_UNITS = 8;
const SWEEP_SECONDS = 0.1;
const SWEEPER_MB = 512;
/**
 * A series with open windows is looked at once per `idleClose`, by default 2 minutes and 5 seconds, and so
 * long its last window stays open after its last record.
 */
const DUE_SECONDS = 125;
/** The line of metrics, and Lambda's own START, END and REPORT. */
const LOG_BYTES = 1_100;

/** What the load costs at list prices. Rates are of a second; all batches and series are alike. */
export function costOf(load: Load): LoadCost {
  const activity = activityOf(load);
  const idle = idleLines(load);
  const perMillion = load.rate === 0 ? [] : millionLines(load, activity);
  const sum = (lines: readonly CostLine[]) => lines.reduce((all, { dollars }) => all + dollars, 0);
  const idleDollarsPerMonth = sum(idle);
  const dollarsPerMillion = sum(perMillion);
  const millionsPerMonth = (load.rate * SECONDS_PER_MONTH) / MILLION;
  const metrics = load.rate === 0 ? 0 : BATCH_METRICS * PRICES.cloudWatchPerMetricMonth;
  return {
    idlePerMonth: idle,
    idleDollarsPerMonth,
    perMillion,
    dollarsPerMillion,
    dollarsPerMonth: idleDollarsPerMonth + dollarsPerMillion * millionsPerMonth + metrics,
    recordsPerInvocation: activity.batches === 0 ? 0 : load.rate / activity.batches,
    asOf: PRICES.asOf,
    region: PRICES.region,
  };
}

interface Activity {
  readonly batches: number;
  /** Commits: one for each series in each batch. */
  readonly commits: number;
  readonly windows: number;
}

/** Arrivals are taken to be Poisson: the share of lanes and series that have something to do. */
function activityOf(load: Load): Activity {
  const { rate, series, batchWindowSeconds } = load;
  const matched = rate * (1 - load.unmatched);
  // Without a batching window a shard is read once a second.
  const seconds = Math.max(1, batchWindowSeconds);
  const lanes = load.shards * load.parallelization;
  const isBusy = (perSlot: number) => 1 - Math.exp(-perSlot);
  const perLane = (rate * seconds) / lanes;
  const batches = Math.max((lanes / seconds) * isBusy(perLane), rate / load.batchSize);
  // A full batch comes sooner, and a series is in it less often.
  const rounds = Math.max(1 / seconds, rate / load.batchSize / lanes);
  const commits = series * rounds * isBusy(matched / series / rounds);
  const windowSeconds = load.windowMs / 1000;
  const windows = (series / windowSeconds) * isBusy((matched / series) * windowSeconds);
  return { batches, commits, windows };
}

function idleLines(load: Load): CostLine[] {
  const minutes = HOURS_PER_MONTH * 60;
  const sweepGbSeconds = (minutes * SWEEP_SECONDS * SWEEPER_MB) / 1024;
  const stream = load.provisioned
    ? line(
        'Kinesis, shards',
        load.shards * HOURS_PER_MONTH,
        'shard hours',
        PRICES.kinesisPerShardHour,
      )
    : line('Kinesis, on-demand stream', HOURS_PER_MONTH, 'hours', PRICES.kinesisPerStreamHour);
  return [
    stream,
    line(
      'DynamoDB, sweeps',
      minutes * SWEEP_READ_UNITS,
      'read units',
      PRICES.dynamoDbPerMillionReadUnits / MILLION,
    ),
    line('Lambda, sweeps', minutes, 'requests', PRICES.lambdaPerMillionRequests / MILLION),
    line(
      'Lambda, duration of sweeps',
      sweepGbSeconds,
      'GB-s',
      PRICES.lambdaPerGbSecond[load.architecture],
    ),
    line('CloudWatch, alarms', load.alarms, 'alarms', PRICES.cloudWatchPerAlarmMonth),
    line(
      'CloudWatch, dashboard',
      load.dashboard ? 1 : 0,
      'dashboards',
      PRICES.cloudWatchPerDashboardMonth,
    ),
  ];
}

function millionLines(load: Load, { batches, commits, windows }: Activity): CostLine[] {
  const perMillion = MILLION / load.rate;
  const stateUnits = Math.ceil(load.stateBytes / KB);
  // The index entry is moved by two writes, its item by one.
  const openSeries = Math.min(load.series, windows * (load.windowMs / 1000 + DUE_SECONDS));
  const dueMoves = (openSeries / DUE_SECONDS) * (2 + stateUnits);
  const billedBytes = Math.ceil(load.recordBytes / KB) * KB;
  const vcpus = Math.min(1, load.memoryMb / VCPU_MB);
  const rounds = Math.max(batches, (commits + load.unmatched * load.rate) / SERIES_PER_ROUND);
  const seconds =
    batches * BATCH_SECONDS + rounds * ROUND_SECONDS + (load.rate * RECORD_SECONDS_AT_VCPU) / vcpus;
  const dynamoWrite = PRICES.dynamoDbPerMillionWriteUnits / MILLION;
  const dynamoRead = PRICES.dynamoDbPerMillionReadUnits / MILLION;
  return [
    line('DynamoDB, states', commits * stateUnits * perMillion, 'write units', dynamoWrite),
    line('DynamoDB, rows', windows * perMillion, 'write units', dynamoWrite),
    line('DynamoDB, due index', dueMoves * perMillion, 'write units', dynamoWrite),
    // One small item each; that the table forgets it later is free.
    ...(load.unmatched === 0
      ? []
      : [
          line('DynamoDB, unmatched records', load.unmatched * MILLION, 'write units', dynamoWrite),
        ]),
    line(
      'DynamoDB, reads',
      commits * Math.ceil(load.stateBytes / (4 * KB)) * perMillion,
      'read units',
      dynamoRead,
    ),
    line(
      'Lambda, invocations',
      batches * perMillion,
      'requests',
      PRICES.lambdaPerMillionRequests / MILLION,
    ),
    line(
      'Lambda, duration',
      ((seconds * load.memoryMb) / 1024) * perMillion,
      'GB-s',
      PRICES.lambdaPerGbSecond[load.architecture],
    ),
    ...kinesisLines(load, billedBytes),
    line(
      'CloudWatch, logs',
      (batches * LOG_BYTES * perMillion) / GB,
      'GB',
      PRICES.cloudWatchPerGbOfLogs,
    ),
  ];
}

/** A provisioned stream is paid by its hours and by units of 25 KB, an on-demand one by gigabytes. */
function kinesisLines(load: Load, billedBytes: number): CostLine[] {
  if (load.provisioned) {
    const units = MILLION * Math.ceil(load.recordBytes / (25 * KB));
    const perUnit = PRICES.kinesisPerMillionPutUnits / MILLION;
    return [line('Kinesis, data in', units, 'put units', perUnit)];
  }
  return [
    line('Kinesis, data in', (MILLION * billedBytes) / GB, 'GB', PRICES.kinesisPerGbIn),
    line('Kinesis, data out', (MILLION * load.recordBytes) / GB, 'GB', PRICES.kinesisPerGbOut),
  ];
}

function line(what: string, quantity: number, unit: string, dollarsPerUnit: number): CostLine {
  const isWhole = quantity >= 100 || Number.isInteger(quantity);
  const shown = isWhole ? grouped(Math.round(quantity)) : Number(quantity.toPrecision(2));
  return { what, dollars: quantity * dollarsPerUnit, basis: `${shown} ${unit}` };
}
