import { forEachBounded } from '@millrace/core/commit/bounded';
import type { CommitPorts } from '@millrace/core/commit/ports';
import type { Tally } from '@millrace/core/commit/tally';
import { DeadlineError } from '@millrace/core/error';
import type { Clock } from '@millrace/core/port';
import type { KeptFor } from '@millrace/core/quarantine/bytes';
import { quarantineRecord } from '@millrace/core/quarantine/entry';
import { registerShard } from '@millrace/core/quarantine/shards';
import type { RefusedRecord } from './group-batch';
import { type FirstFailure, failureOf } from './key-grouped-processor';

export interface QuarantinePorts extends CommitPorts, KeptFor {
  /** Says when a refused record was last seen. */
  readonly clock?: Clock;
}

/** Refused records put into the quarantine at once. */
const PARALLEL_RECORDS_MAX = 32;

/** Puts what follows from single stream records into the quarantine; failures are added to `failures`. */
export async function quarantineAll(
  ports: QuarantinePorts,
  records: readonly RefusedRecord[],
  hasTime: () => boolean,
  tally: Tally,
  failures: FirstFailure[],
): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  try {
    await registerShard(ports.control, first.place);
  } catch (error) {
    failures.push(failureOf(first.recordIndex, error));
    return;
  }
  await forEachBounded(records, PARALLEL_RECORDS_MAX, async (record) => {
    try {
      if (!hasTime()) throw new DeadlineError('the invocation is about to time out');
      await quarantineOne(ports, record, tally);
    } catch (error) {
      failures.push(failureOf(record.recordIndex, error));
    }
  });
}

async function quarantineOne(
  ports: QuarantinePorts,
  { place, refusals, source }: RefusedRecord,
  tally: Tally,
): Promise<void> {
  const options = { ...keptFor(ports), seenMs: ports.clock?.nowMs() };
  const isNew = await quarantineRecord(ports, place, refusals, source, options);
  if (isNew) tally.invalid += refusals.invalid;
  else tally.redelivered += refusals.invalid + refusals.unmatched;
}

export function keptFor({ retentionMs, quarantineRetentionMs }: KeptFor): KeptFor {
  return quarantineRetentionMs === undefined
    ? { retentionMs }
    : { retentionMs, quarantineRetentionMs };
}
