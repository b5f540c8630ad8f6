import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { BugError, MillraceError } from '@millrace/core/error';
import { isPartitionKey } from '@millrace/core/partition-key';
import type { StreamEntry, StreamWriter } from '@millrace/core/port';
import { compareSequence } from '@millrace/core/record/sequence';
import { CALL_LIMITS, type ClientSettings, clientOptions } from './client-options';
import { inFlight } from './in-flight';
import { beginCall, type CallLimits, limitedBy, RefusedError } from './retry';

export interface KinesisStream {
  readonly client: KinesisClient;
  /** Name, or ARN: that of a stream in another account can only be given by its ARN. */
  readonly stream: string;
  readonly limits?: CallLimits;
  /** Milliseconds the caller has left. */
  readonly deadline?: () => number;
  /**
   * Entries of one partition key in a request. 1, the default, keeps the order of a key whatever
   * happens. More is faster for a hot key, and keeps it as long as the stream refuses no entry that
   * stands before one it takes: that is checked, and `DisorderError` says when it was not so.
   */
  readonly keyRunMax?: number;
}

/** Everything was put, but some partition keys are not in the order they were given. */
export class DisorderError extends MillraceError {
  readonly answer = 'crash';
}

export function createKinesisClient(settings?: ClientSettings): KinesisClient {
  return new KinesisClient(clientOptions(settings));
}

/** Limits of one PutRecords request, and of one record with its partition key. */
export const REQUEST_ENTRIES_MAX = 500;
export const REQUEST_BYTES_MAX = 5 * 1024 * 1024;
export const ENTRY_BYTES_MAX = 1024 * 1024;

const REQUESTS_IN_FLIGHT = 4;

/**
 * One Kinesis stream behind the port. PutRecords takes some entries of a request and refuses others,
 * also earlier ones of the same key. So a request holds one entry of each partition key, and a key's
 * next entry is sent when the one before it is acknowledged.
 *
 * A request whose answer got lost is sent again: its entries may then be in the stream twice.
 */
export function createKinesisWriter(options: KinesisStream): StreamWriter {
  const { client, stream, keyRunMax = 1 } = options;
  const limits = limitedBy(options.limits ?? CALL_LIMITS, options.deadline);
  const target = stream.startsWith('arn:') ? { StreamARN: stream } : { StreamName: stream };

  async function putRequest(entries: readonly StreamEntry[]): Promise<void> {
    const call = beginCall({ operation: 'PutRecords', target: `stream ${stream}` }, limits);
    let pending = entries;
    while (pending.length > 0) {
      const asked = pending;
      pending = await call(async (abortSignal) => {
        const Records = asked.map(toWireEntry);
        const command = new PutRecordsCommand({ ...target, Records });
        const sent = await client.send(command, { abortSignal });
        const refused = asked.filter((_, at) => sent.Records?.[at]?.SequenceNumber === undefined);
        if (refused.length === asked.length) throw new RefusedError(reasonOf(sent.Records));
        return refused;
      });
    }
  }

  /** One request after the other: a key's next run waits for the answer to the one before it. */
  async function putRuns(entries: readonly StreamEntry[]): Promise<void> {
    const disordered = new Set<string>();
    let call = beginCall({ operation: 'PutRecords', target: `stream ${stream}` }, limits);
    let runMax = keyRunMax;
    let pending = entries;
    while (pending.length > 0) {
      const asked = nextRuns(pending, runMax);
      const Records = asked.map(toWireEntry);
      const answers = await call(async (abortSignal) => {
        const command = new PutRecordsCommand({ ...target, Records });
        const { Records: answered = [] } = await client.send(command, { abortSignal });
        const isTaken = answered.some(({ SequenceNumber }) => SequenceNumber !== undefined);
        if (!isTaken) throw new RefusedError(reasonOf(answered));
        return answered;
      });
      // Progress was made: the next request has all its tries and time again.
      call = beginCall({ operation: 'PutRecords', target: `stream ${stream}` }, limits);
      for (const key of disorderOf(asked, answers)) disordered.add(key);
      const taken = new Set(asked.filter((_, at) => answers[at]?.SequenceNumber !== undefined));
      // A stream that refuses some will refuse more: from here on one of each key, the safe way.
      if (taken.size < asked.length) runMax = 1;
      pending = pending.filter((entry) => !taken.has(entry));
    }
    if (disordered.size === 0) return;
    const [first] = disordered;
    throw new DisorderError(
      `stream ${stream} refused entries in the middle of a request: ${disordered.size} partition keys are out of order, one of them ${first}`,
    );
  }

  return {
    async put(entries) {
      for (const entry of entries) checkEntry(entry);
      // The same object twice would be put once: what was taken is known by its identity.
      if (keyRunMax > 1) return putRuns(entries.map((entry) => ({ ...entry })));
      for (const wave of wavesOf(entries)) {
        await inFlight(REQUESTS_IN_FLIGHT, requestsOf(wave), putRequest);
      }
    },
  };
}

/** The next request: entries in their order, of each key the first `runMax`, within the limits. */
export function nextRuns(entries: readonly StreamEntry[], runMax: number): StreamEntry[] {
  const request: StreamEntry[] = [];
  const ofKey = new Map<string, number>();
  let bytes = 0;
  for (const entry of entries) {
    const count = ofKey.get(entry.partitionKey) ?? 0;
    if (count >= runMax) continue;
    bytes += bytesOf(entry);
    if (request.length === REQUEST_ENTRIES_MAX || bytes > REQUEST_BYTES_MAX) break;
    ofKey.set(entry.partitionKey, count + 1);
    request.push(entry);
  }
  return request;
}

/** Keys of which an entry was taken behind one that was refused, or with a lower sequence number. */
function disorderOf(
  asked: readonly StreamEntry[],
  answers: readonly { SequenceNumber?: string | undefined; ShardId?: string | undefined }[],
): string[] {
  const last = new Map<string, { readonly shard: string; readonly sequence: string } | 'refused'>();
  const disordered: string[] = [];
  asked.forEach(({ partitionKey }, at) => {
    const { SequenceNumber: sequence, ShardId: shard = '' } = answers[at] ?? {};
    const before = last.get(partitionKey);
    if (sequence === undefined) {
      last.set(partitionKey, 'refused');
      return;
    }
    if (before === 'refused') {
      disordered.push(partitionKey);
      return;
    }
    // Numbers of two shards say nothing about each other: an explicit hash key, or a reshard.
    if (before?.shard === shard && compareSequence(sequence, before.sequence) <= 0) {
      disordered.push(partitionKey);
    }
    last.set(partitionKey, { shard, sequence });
  });
  return disordered;
}

/** The first entry of every partition key, then the second of every key, and so on. */
export function wavesOf(entries: readonly StreamEntry[]): StreamEntry[][] {
  const waves: StreamEntry[][] = [];
  const seen = new Map<string, number>();
  for (const entry of entries) {
    const turn = seen.get(entry.partitionKey) ?? 0;
    seen.set(entry.partitionKey, turn + 1);
    waves[turn] ??= [];
    waves[turn].push(entry);
  }
  return waves;
}

/** Cut where the next entry would break a limit of the request. */
export function requestsOf(entries: readonly StreamEntry[]): StreamEntry[][] {
  const requests: StreamEntry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const size = bytesOf(entry);
    const request = requests[requests.length - 1];
    if (
      request === undefined ||
      request.length === REQUEST_ENTRIES_MAX ||
      bytes + size > REQUEST_BYTES_MAX
    ) {
      requests.push([entry]);
      bytes = size;
    } else {
      request.push(entry);
      bytes += size;
    }
  }
  return requests;
}

function toWireEntry({ partitionKey, data, explicitHashKey }: StreamEntry) {
  return {
    PartitionKey: partitionKey,
    Data: data,
    ...(explicitHashKey !== undefined && { ExplicitHashKey: explicitHashKey }),
  };
}

function bytesOf({ partitionKey, data }: StreamEntry): number {
  return data.byteLength + Buffer.byteLength(partitionKey);
}

function checkEntry(entry: StreamEntry): void {
  const { partitionKey } = entry;
  if (!isPartitionKey(partitionKey)) {
    throw new BugError(`a partition key of ${partitionKey.length} UTF-16 units`);
  }
  if (bytesOf(entry) > ENTRY_BYTES_MAX) {
    throw new BugError(`an entry of ${bytesOf(entry)} bytes`);
  }
}

function reasonOf(records: readonly { ErrorCode?: string | undefined }[] | undefined): string {
  return `no entry was taken (${records?.[0]?.ErrorCode ?? 'no reason given'})`;
}
