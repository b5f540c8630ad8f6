import { isPartitionKey, putableKey } from '@millrace/core/partition-key';
import type {
  Clock,
  Key,
  KeyValueStore,
  ObjectStore,
  StreamEntry,
  StreamWriter,
} from '@millrace/core/port';
import { putTakeable } from '@millrace/core/put-takeable';
import { type FilteredRecord, type QuarantineFilter, readRecords } from '../quarantine/entry';
import { type Forecast, type ForecastContext, forecast, type Outcome } from './forecast';
import { claim, isDone, markDone, markKey } from './mark';
import { TrialStates } from './trial';
import { type RefusedUser, usersOf } from './users';

export interface RedriveOptions {
  readonly control: KeyValueStore;
  readonly objects: ObjectStore;
  /** Null = dry run: nothing is written anywhere. */
  readonly writer: StreamWriter | null;
  /** Makes the puts last, where `writer` only gathers them: then nothing is done before it. */
  readonly finish?: () => Promise<void>;
  readonly toStream: string;
  readonly filter: QuarantineFilter;
  /** `nowMs`: when the records would arrive, if not now. */
  readonly judge: Omit<ForecastContext, 'nowMs' | 'states'> & { readonly nowMs?: number };
  /** Also what would be refused, late or counted twice. */
  readonly all: boolean;
  readonly clock: Clock;
  /** Of this run: tells its own claims from those of others. */
  readonly run: string;
  readonly onRecord?: (user: RefusedUser, forecast: Forecast) => void;
}

export interface RedriveCounts {
  /** User records that pass the filter; several metrics may have refused one. */
  records: number;
  /** Put, or in a dry run: would be put. */
  put: number;
  /** Of those, records that a run which died may have put before: perhaps they are there twice. */
  uncertain: number;
  /** Put by an earlier run. */
  done: number;
  /** Claimed by another run less than a minute ago. */
  busy: number;
  /** Left where they are, by what would come of them. */
  readonly kept: Partial<Record<Outcome, number>>;
  /** Put or to be put, by what will come of them. */
  readonly outcomes: Partial<Record<Outcome, number>>;
}

/** Records on their way at once: at most this many are uncertain when a run dies. */
export const CHUNK_RECORDS = 100;
const CHUNK_BYTES = 4 * 1024 * 1024;

interface Ready {
  readonly user: RefusedUser;
  readonly bytes: Uint8Array;
  readonly partitionKey: string;
  readonly outcome: Outcome;
}

/**
 * Puts refused records into a stream again, under their partition keys and in the order of their
 * shards: claim, put, mark as done. Running it again goes on where it stopped, and does nothing when
 * everything is done. At least once: a run that dies between put and mark leaves up to a chunk of
 * records that the next run puts again, and counts as uncertain.
 */
export async function redrive(options: RedriveOptions): Promise<RedriveCounts> {
  const counts: RedriveCounts = {
    ...{ records: 0, put: 0, uncertain: 0, done: 0, busy: 0 },
    kept: {},
    outcomes: {},
  };
  let chunk: Ready[] = [];
  let chunkBytes = 0;
  const unmarked: Key[] = [];
  for await (const ready of allReady(options, counts)) {
    chunk.push(ready);
    chunkBytes += ready.bytes.byteLength;
    if (chunk.length < CHUNK_RECORDS && chunkBytes < CHUNK_BYTES) continue;
    await putChunk(chunk, options, counts, unmarked);
    chunk = [];
    chunkBytes = 0;
  }
  if (chunk.length > 0) await putChunk(chunk, options, counts, unmarked);
  await options.finish?.();
  for (const key of unmarked) await markDone(options.control, key, options.clock.nowMs());
  return counts;
}

async function* allReady(options: RedriveOptions, counts: RedriveCounts): AsyncGenerator<Ready> {
  const states = new TrialStates();
  for await (const filtered of readRecords(options.control, options.filter)) {
    yield* readyOf(filtered, options, counts, states);
  }
}

/** The user records of one stream record that are to be put; each once, whatever refused it. */
async function* readyOf(
  filtered: FilteredRecord,
  options: RedriveOptions,
  counts: RedriveCounts,
  states: TrialStates,
): AsyncGenerator<Ready> {
  const { control, objects, all, toStream, judge, clock } = options;
  for await (const user of usersOf(filtered, { control, quarantine: objects })) {
    counts.records++;
    if (await isDone(control, markKey(user, toStream))) {
      counts.done++;
      continue;
    }
    const { bytes, partitionKey } = user;
    const seen = await predict(user, { nowMs: clock.nowMs(), ...judge, states });
    options.onRecord?.(user, seen);
    const isPutable = bytes !== null && seen.outcome !== 'unputable';
    if (isPutable && (all || seen.outcome === 'apply')) {
      seen.keep?.();
      yield { user, bytes, partitionKey, outcome: seen.outcome };
    } else {
      counts.kept[seen.outcome] = (counts.kept[seen.outcome] ?? 0) + 1;
    }
  }
}

async function predict(user: RefusedUser, context: ForecastContext): Promise<Forecast> {
  const { bytes, metrics, reasons } = user;
  const partitionKey = putableKey(user.partitionKey);
  if (bytes === null) return { outcome: 'gone', detail: 'the bytes have expired' };
  // The key of such an entry is the beginning of one that was longer, or is none at all.
  if (reasons.includes('key') || !isPartitionKey(partitionKey)) {
    return { outcome: 'unputable', detail: 'no stream takes its partition key' };
  }
  return forecast(bytes, { partitionKey, metrics }, context);
}

async function putChunk(
  chunk: readonly Ready[],
  options: RedriveOptions,
  counts: RedriveCounts,
  unmarked: Key[],
): Promise<void> {
  const { control, writer, finish, toStream, clock, run } = options;
  if (writer === null) {
    for (const { outcome } of chunk) countPut(counts, outcome);
    return;
  }
  const claimed: Ready[] = [];
  for (const ready of chunk) {
    const key = markKey(ready.user, toStream);
    const answer = await claim(control, key, { run, nowMs: clock.nowMs() });
    if (answer === 'busy' || answer === 'done') {
      counts[answer]++;
      continue;
    }
    if (answer === 'again') counts.uncertain++;
    claimed.push(ready);
  }
  const entries = new Map(claimed.map((ready) => [entryToPut(ready), ready]));
  const refused = new Set(await putTakeable(writer, [...entries.keys()]));
  for (const [put, { user, outcome }] of entries) {
    if (refused.has(put)) {
      counts.kept.unputable = (counts.kept.unputable ?? 0) + 1;
      continue;
    }
    const key = markKey(user, toStream);
    if (finish !== undefined) unmarked.push(key);
    else await markDone(control, key, clock.nowMs());
    countPut(counts, outcome);
  }
}

function entryToPut({ partitionKey, bytes }: Ready): StreamEntry {
  return { partitionKey: putableKey(partitionKey), data: bytes };
}

function countPut(counts: RedriveCounts, outcome: Outcome): void {
  counts.put++;
  counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + 1;
}
