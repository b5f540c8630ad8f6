import {
  type _Record as TimestreamRecord,
  TimestreamWriteClient,
  WriteRecordsCommand,
} from '@aws-sdk/client-timestream-write';
import type { Measure, RowOutcome, SeriesRow, TimeSeriesSink } from '../time-series-sink';
import { type ClientSettings, clientOptions } from './client-options';
import { beginCall, type CallLimits, limitedBy, RefusedError } from './retry';

/** Records of one WriteRecords request. */
export const REQUEST_RECORDS_MAX = 100;

/** An ingest of 100 records takes longer than a read of DynamoDB. */
const WRITE_LIMITS = {
  attemptsMax: 4,
  attemptMsMax: 5000,
  totalMsMax: 15_000,
} as const satisfies CallLimits;

/**
 * The SDK asks Timestream for the endpoint of the account's cell. With an endpoint of its own it does
 * not; with one from the environment alone it asks there, and then leaves for AWS all the same.
 */
export function createTimestreamClient(settings: ClientSettings = {}): TimestreamWriteClient {
  return new TimestreamWriteClient(
    clientOptions({ requestMsMax: WRITE_LIMITS.attemptMsMax, ...settings }),
  );
}

export interface TimestreamTable {
  readonly client: TimestreamWriteClient;
  readonly database: string;
  readonly table: string;
  readonly limits?: CallLimits;
  /** Milliseconds the caller has left. */
  readonly deadline?: () => number;
}

const DONE: RowOutcome = { kind: 'done' };

/** A Timestream table as a sink. Rows are upserts: a higher `Version` replaces, any other does nothing. */
export function createTimestreamSink(options: TimestreamTable): TimeSeriesSink {
  const { client, database: DatabaseName, table: TableName } = options;
  const limits = limitedBy(options.limits ?? WRITE_LIMITS, options.deadline);
  const target = `table ${DatabaseName}.${TableName}`;

  async function writeRequest(rows: readonly SeriesRow[]): Promise<readonly RowOutcome[]> {
    const input = { DatabaseName, TableName, ...recordsOf(rows) };
    const call = beginCall({ operation: 'WriteRecords', target }, limits);
    const rejection = await call(async (abortSignal): Promise<Rejection | null> => {
      try {
        await client.send(new WriteRecordsCommand(input), { abortSignal });
        return null;
      } catch (error) {
        return rejectionOf(error);
      }
    });
    if (rejection === null) return rows.map(() => DONE);
    if (rejection.kind === 'records')
      return rows.map((row, at) => outcomeOf(row, rejection.of(at)));
    // The request is wrong as a whole, and one row is the reason: halves find it.
    const { reason } = rejection;
    if (rows.length === 1) return [{ kind: 'refused', reason }];
    const half = Math.ceil(rows.length / 2);
    const first = await writeRequest(rows.slice(0, half));
    return [...first, ...(await writeRequest(rows.slice(half)))];
  }

  return {
    async write(rows) {
      const newest = newestOfEach(rows);
      const distinct = [...new Set(newest)];
      const outcomes = new Map<SeriesRow, RowOutcome>();
      for (let at = 0; at < distinct.length; at += REQUEST_RECORDS_MAX) {
        const request = distinct.slice(at, at + REQUEST_RECORDS_MAX);
        const answers = await writeRequest(request);
        request.forEach((row, index) => void outcomes.set(row, answers[index] as RowOutcome));
      }
      return newest.map((row) => outcomes.get(row) as RowOutcome);
    },
  };
}

/** For each row the newest revision of it among all: a request must not name one twice. */
function newestOfEach(rows: readonly SeriesRow[]): SeriesRow[] {
  const newest = new Map<string, SeriesRow>();
  const names = rows.map((row) => nameOf(row));
  rows.forEach((row, at) => {
    const name = names[at] as string;
    const other = newest.get(name);
    if (other === undefined || row.version > other.version) newest.set(name, row);
  });
  return names.map((name) => newest.get(name) as SeriesRow);
}

function nameOf({ dimensions, name, timeMs }: SeriesRow): string {
  return JSON.stringify([Object.entries(dimensions).sort(), name, timeMs]);
}

/** What all records of the request share stands once. */
function recordsOf(rows: readonly SeriesRow[]) {
  const [first] = rows as readonly [SeriesRow];
  const isShared = ([name, value]: [string, string]) =>
    rows.every(({ dimensions }) => dimensions[name] === value);
  const shared = Object.entries(first.dimensions).filter(isShared);
  const sharedNames = new Set(shared.map(([name]) => name));
  const hasOneName = rows.every(({ name }) => name === first.name);
  const Records = rows.map(
    ({ dimensions, name, timeMs, version, measures }): TimestreamRecord => ({
      Dimensions: Object.entries(dimensions)
        .filter(([dimension]) => !sharedNames.has(dimension))
        .map(wireDimension),
      ...(!hasOneName && { MeasureName: name }),
      Time: String(timeMs),
      Version: version,
      MeasureValues: measures.map(wireMeasure),
    }),
  );
  const CommonAttributes: TimestreamRecord = {
    Dimensions: shared.map(wireDimension),
    ...(hasOneName && { MeasureName: first.name }),
    MeasureValueType: 'MULTI',
    TimeUnit: 'MILLISECONDS',
  };
  return { Records, CommonAttributes };
}

const wireDimension = ([Name, Value]: [string, string]) => ({ Name, Value });

const WIRE_TYPE = {
  number: 'DOUBLE',
  integer: 'BIGINT',
  time: 'TIMESTAMP',
  text: 'VARCHAR',
  flag: 'BOOLEAN',
} as const;

function wireMeasure({ name, kind, value }: Measure) {
  return { Name: name, Type: WIRE_TYPE[kind], Value: String(value) };
}

interface RejectedRecord {
  readonly RecordIndex?: number | undefined;
  readonly Reason?: string | undefined;
  readonly ExistingVersion?: number | undefined;
}

type Rejection =
  | { readonly kind: 'records'; readonly of: (at: number) => RejectedRecord | undefined }
  | { readonly kind: 'request'; readonly reason: string };

/** What the service says of the rows; throws what it says of itself, to be tried again. */
function rejectionOf(error: unknown): Rejection {
  const { name, message } = error as Error;
  if (name === 'ValidationException') return { kind: 'request', reason: message };
  // The cell of the account moved; the SDK asks for its new place.
  if (name === 'InvalidEndpointException') throw new RefusedError(message);
  if (name !== 'RejectedRecordsException') throw error;
  const { RejectedRecords = [] } = error as { RejectedRecords?: readonly RejectedRecord[] };
  // Without a list nothing is known of any row.
  if (RejectedRecords.length === 0) return { kind: 'request', reason: message };
  const byIndex = new Map(RejectedRecords.map((each) => [each.RecordIndex ?? 0, each]));
  return { kind: 'records', of: (at) => byIndex.get(at) };
}

/** The rest of a request is stored: a row that is not in the list is. */
function outcomeOf({ version }: SeriesRow, rejected: RejectedRecord | undefined): RowOutcome {
  if (rejected === undefined) return DONE;
  const { ExistingVersion: existing, Reason: reason = 'no reason given' } = rejected;
  if (existing !== undefined && existing >= version) return DONE;
  return { kind: 'refused', reason };
}
