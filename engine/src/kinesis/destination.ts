import { localArn } from '../arn';
import type { Outcome } from '../invoke/function-host';
import type { Discard } from '../observe';
import { drawUuid, type Random } from '../random';
import type { FailureRecord } from '../source/source';
import type { Batch } from './batch';
import type { StreamFlavour } from './context';
import type { FailureDestination } from './settings';

export interface FailureInput {
  readonly functionId: string;
  readonly sourceId: string;
  readonly streamArn: string;
  readonly flavour: StreamFlavour;
  readonly destination: FailureDestination | null;
  readonly batch: Batch;
  readonly condition: Discard['condition'];
  /** Of the last invocation; undefined when there was none. */
  readonly outcome: Outcome | undefined;
  readonly nowMs: number;
  readonly random: Random;
}

/** The documented invocation record: metadata for every destination, the whole event for S3 only. */
export function failureRecord(input: FailureInput): FailureRecord {
  const { functionId, sourceId, streamArn, flavour, destination, batch, nowMs, random } = input;
  const toS3 = destination?.kind === 's3';
  return {
    functionId,
    sourceId,
    destination,
    key: toS3 ? objectKey(input) : null,
    document: {
      requestContext: {
        requestId: requestIdOf(input.outcome) ?? drawUuid(random),
        functionArn: localArn('lambda', `function:${functionId}`),
        condition: input.condition,
        approximateInvokeCount: batch.invocations,
      },
      ...responseContext(input.outcome),
      version: '1.0',
      timestamp: new Date(nowMs).toISOString(),
      [flavour.batchInfo]: batchInfo(batch, streamArn),
      // Nobody was invoked with a record that is too large: there is no event to keep.
      ...(toS3 && input.condition !== 'RecordTooLarge'
        ? { payload: JSON.stringify(flavour.event(batch, streamArn, functionId)) }
        : {}),
    },
  };
}

function batchInfo({ deliveries }: Batch, streamArn: string) {
  const first = deliveries[0]!.record;
  const last = deliveries.at(-1)!.record;
  return {
    shardId: first.shard,
    startSequenceNumber: first.sequence,
    endSequenceNumber: last.sequence,
    approximateArrivalOfFirstRecord: new Date(first.arrivalMs).toISOString(),
    approximateArrivalOfLastRecord: new Date(last.arrivalMs).toISOString(),
    batchSize: deliveries.length,
    streamArn,
  };
}

/** Records that grew too old before any invocation have no response. */
function responseContext(outcome: Outcome | undefined) {
  if (outcome === undefined || outcome.status === 'throttled') return {};
  const failed = outcome.status === 'success' ? {} : { functionError: 'Unhandled' };
  return { responseContext: { statusCode: 200, executedVersion: '$LATEST', ...failed } };
}

function requestIdOf(outcome: Outcome | undefined): string | undefined {
  return outcome === undefined || outcome.status === 'throttled' ? undefined : outcome.requestId;
}

/** `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`. */
function objectKey({ functionId, sourceId, batch, nowMs, random }: FailureInput): string {
  const time = new Date(nowMs).toISOString().slice(0, 19);
  const day = time.slice(0, 10).replaceAll('-', '/');
  const shard = batch.deliveries[0]!.record.shard;
  const name = `${time.replaceAll(':', '.')}-${drawUuid(random)}`;
  return `aws/lambda/${functionId}${sourceId}/${shard}/${day}/${name}`;
}
