import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { BugError } from '@millrace/core/error';
import type { StreamEntry, StreamWriter } from '@millrace/core/port';
import { CALL_LIMITS, type ClientSettings, clientOptions } from './client-options';
import { inFlight } from './in-flight';
import { beginCall, type CallLimits, RefusedError } from './retry';

export interface KinesisStream {
  readonly client: KinesisClient;
  readonly stream: string;
  readonly limits?: CallLimits;
}

export function createKinesisClient(settings?: ClientSettings): KinesisClient {
  return new KinesisClient(clientOptions(settings));
}

/** Limits of one PutRecords request, and of one record with its partition key. */
export const REQUEST_ENTRIES_MAX = 500;
export const REQUEST_BYTES_MAX = 5 * 1024 * 1024;
export const ENTRY_BYTES_MAX = 1024 * 1024;
const PARTITION_KEY_CHARACTERS_MAX = 256;

const REQUESTS_IN_FLIGHT = 4;

/**
 * One Kinesis stream behind the port. PutRecords takes some entries of a request and refuses others,
 * also earlier ones of the same key. So a request holds one entry of each partition key, and a key's
 * next entry is sent when the one before it is acknowledged.
 *
 * A request whose answer got lost is sent again: its entries may then be in the stream twice.
 */
export function createKinesisWriter(options: KinesisStream): StreamWriter {
  const { client, stream, limits = CALL_LIMITS } = options;

  async function putRequest(entries: readonly StreamEntry[]): Promise<void> {
    const call = beginCall({ operation: 'PutRecords', target: `stream ${stream}` }, limits);
    let pending = entries;
    while (pending.length > 0) {
      const asked = pending;
      pending = await call(async (abortSignal) => {
        const Records = asked.map(toWireEntry);
        const command = new PutRecordsCommand({ StreamName: stream, Records });
        const sent = await client.send(command, { abortSignal });
        const refused = asked.filter((_, at) => sent.Records?.[at]?.SequenceNumber === undefined);
        if (refused.length === asked.length) throw new RefusedError(reasonOf(sent.Records));
        return refused;
      });
    }
  }

  return {
    async put(entries) {
      for (const entry of entries) checkEntry(entry);
      for (const wave of wavesOf(entries)) {
        await inFlight(REQUESTS_IN_FLIGHT, requestsOf(wave), putRequest);
      }
    },
  };
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
  const characters = [...entry.partitionKey].length;
  if (characters < 1 || characters > PARTITION_KEY_CHARACTERS_MAX) {
    throw new BugError(`a partition key of ${characters} characters`);
  }
  if (bytesOf(entry) > ENTRY_BYTES_MAX) {
    throw new BugError(`an entry of ${bytesOf(entry)} bytes for ${entry.partitionKey}`);
  }
}

function reasonOf(records: readonly { ErrorCode?: string | undefined }[] | undefined): string {
  return `no entry was taken (${records?.[0]?.ErrorCode ?? 'no reason given'})`;
}
