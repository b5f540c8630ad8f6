import { type Architecture, PRICES } from './prices';

/** What a run used: counted, not guessed, except where a field says so. */
export interface Usage {
  readonly records: number;
  /** Bytes of the records' data, each rounded up to a whole kilobyte as Kinesis bills them. */
  readonly kinesisBilledBytes: number;
  readonly kinesisBytes: number;
  /** Arrival of the first to the last record. */
  readonly streamHours: number;
  readonly lambdaInvocations: number;
  /** Sum over all invocations: processor time measured here, plus modelled waiting for services. */
  readonly lambdaSeconds: number;
  readonly lambdaMemoryMb: number;
  readonly architecture: Architecture;
  readonly dynamoDbWriteUnits: number;
  readonly dynamoDbReadUnits: number;
  /** Reads of the sweeper, which looks for silent series whether there are events or not. */
  readonly dynamoDbSweepUnits: number;
  readonly s3Puts: number;
}

export interface CostItem {
  readonly service: string;
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  readonly dollars: number;
  /** Whether it grows with the records; a stream's hours do not. */
  readonly perEvent: boolean;
}

export interface CostEstimate {
  readonly records: number;
  readonly items: readonly CostItem[];
  /** Of the run, all items. */
  readonly dollars: number;
  /** Of the items that grow with the records. */
  readonly dollarsPerMillionEvents: number;
  /** The same without Kinesis: what the processing costs on top of having the stream. */
  readonly processingPerMillionEvents: number;
  /** A stream that nobody writes to. */
  readonly streamDollarsPerMonth: number;
  /** How full the batches were: fuller ones cost less per event. */
  readonly recordsPerInvocation: number;
  readonly asOf: string;
  readonly region: string;
}

const GB = 1024 ** 3;
const MILLION = 1_000_000;
const HOURS_PER_MONTH = 730;

/** What the same work would have cost on AWS. */
export function estimateCost(usage: Usage): CostEstimate {
  const gbSeconds = (usage.lambdaSeconds * usage.lambdaMemoryMb) / 1024;
  const inGb = usage.kinesisBilledBytes / GB;
  const outGb = usage.kinesisBytes / GB;
  const item = (
    service: string,
    what: string,
    quantity: number,
    unit: string,
    dollarsPerUnit: number,
    perEvent = true,
  ): CostItem => ({ service, what, quantity, unit, dollars: quantity * dollarsPerUnit, perEvent });
  const items = [
    item(
      'DynamoDB',
      'writes',
      usage.dynamoDbWriteUnits,
      'units',
      PRICES.dynamoDbPerMillionWriteUnits / MILLION,
    ),
    item(
      'DynamoDB',
      'reads',
      usage.dynamoDbReadUnits,
      'units',
      PRICES.dynamoDbPerMillionReadUnits / MILLION,
    ),
    item(
      'Lambda',
      'invocations',
      usage.lambdaInvocations,
      'requests',
      PRICES.lambdaPerMillionRequests / MILLION,
    ),
    item('Lambda', 'duration', gbSeconds, 'GB-s', PRICES.lambdaPerGbSecond[usage.architecture]),
    item('S3', 'quarantined records', usage.s3Puts, 'PUTs', PRICES.s3PerMillionPuts / MILLION),
    item('Kinesis', 'data in', inGb, 'GB', PRICES.kinesisPerGbIn),
    item('Kinesis', 'data out', outGb, 'GB', PRICES.kinesisPerGbOut),
    item(
      'DynamoDB',
      'sweeps',
      usage.dynamoDbSweepUnits,
      'units',
      PRICES.dynamoDbPerMillionReadUnits / MILLION,
      false,
    ),
    item('Kinesis', 'stream', usage.streamHours, 'hours', PRICES.kinesisPerStreamHour, false),
  ];
  const sum = (list: readonly CostItem[]) => list.reduce((total, each) => total + each.dollars, 0);
  const perMillion = (dollars: number) =>
    usage.records === 0 ? 0 : (dollars / usage.records) * MILLION;
  const perEvent = items.filter((each) => each.perEvent);
  return {
    records: usage.records,
    items,
    dollars: sum(items),
    dollarsPerMillionEvents: perMillion(sum(perEvent)),
    processingPerMillionEvents: perMillion(
      sum(perEvent.filter((each) => each.service !== 'Kinesis')),
    ),
    streamDollarsPerMonth: PRICES.kinesisPerStreamHour * HOURS_PER_MONTH,
    recordsPerInvocation: usage.records / Math.max(1, usage.lambdaInvocations),
    asOf: PRICES.asOf,
    region: PRICES.region,
  };
}

/** `$0.0123`: as many decimals as a small amount needs to say anything. */
export function dollarsText(dollars: number): string {
  if (dollars === 0) return '$0';
  if (dollars < 0.0000005) return '< $0.000001';
  return `$${dollars >= 0.1 ? dollars.toFixed(2) : Number(dollars.toPrecision(2)).toFixed(decimalsFor(dollars))}`;
}

function decimalsFor(dollars: number): number {
  return Math.min(7, 1 - Math.floor(Math.log10(dollars)));
}
