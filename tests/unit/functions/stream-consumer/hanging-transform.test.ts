import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { MeasurementCounter } from '@millrace/adapters/kinesis/counter';
import { createTimeLimit } from '@millrace/adapters/time-limit';
import type { Transform } from '@millrace/core/pipeline/pipeline';
import {
  type TimeLimit,
  TRANSFORMS_BATCH_MS_MAX,
  TRANSFORMS_RECORD_MS_MAX,
} from '@millrace/core/record/time-limit';
import { readRefusals } from '@millrace/core/results/quarantine';
import { readAccounting } from '@millrace/core/results/read';
import { createStreamConsumer } from '../../../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../../../helper/event-source';
import { kplAggregate } from '../../../helper/kpl';
import { onePipeline } from '../../../helper/metric';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The real limit with its times divided, so that the tests take no seconds. */
const FASTER = 4;
function fastLimit(): TimeLimit & { readonly runs: number[] } {
  const limit = createTimeLimit();
  const runs: number[] = [];
  return {
    runs,
    run(work, limitMs) {
      runs.push(Math.round(limitMs));
      return limit.run(work, limitMs / FASTER);
    },
    nowMs: () => limit.nowMs() * FASTER,
  };
}

const hang = (): never => {
  for (;;);
};

/** Doubles a record; never returns for one that says so. */
const transform: Transform = (record) => {
  if (record.hang === true) hang();
  if (record.lazy === true)
    return {
      ...record,
      get v() {
        return hang();
      },
    };
  return [record, { ...record, s: `${record.s}-copy` }];
};

function stage(remainingMs: () => number = () => 60_000) {
  const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
  const table = (name: string, options = {}) =>
    createKeyValueStore({ map: createMemoryMap(), table: name, ...options });
  const state = table('state', { indexes });
  const control = table('control');
  const pipeline = { ...onePipeline({}), transform: 't' };
  const transforms = new Map([['t', transform]]);
  const timeLimit = fastLimit();
  const consumer = createStreamConsumer({
    ...{ state, control, results: table('results'), quarantine: createObjectMemory() },
    ...{ pipeline, transforms, timeLimit, log: SILENT, stateTtlMs: 7 * DAY_MS },
    retentionMs: DAY_MS,
  });
  return {
    timeLimit,
    pipeline,
    transforms,
    deliver: (records: readonly Sent[], from = 0) =>
      consumer(kinesisEvent(records.slice(from).map((sent, at) => recordOf(sent, from + at))), {
        getRemainingTimeInMillis: remainingMs,
      }),
    accounting: () => readAccounting(state, control),
    refusals: () => readRefusals(control),
  };
}

type Sent = Readonly<Record<string, unknown>> | Buffer;

function recordOf(sent: Sent, index: number) {
  return {
    shard: 'shard-0',
    sequence: String(1_000 + index),
    partitionKey: 'a',
    arrivalMs: START_MS + index,
    bytes: sent instanceof Buffer ? sent : Buffer.from(JSON.stringify(sent)),
  };
}

const healthy = (n: number) => ({ s: `s${n % 3}`, t: START_MS + n, v: n });
const hanging = (n: number) => ({ ...healthy(n), hang: true });

describe('a transform that never returns', () => {
  test('refuses its record in the same invocation; its neighbours are applied', async () => {
    const run = stage();
    const records = [healthy(0), hanging(1), healthy(2), { ...healthy(3), lazy: true }, healthy(4)];

    expect(await run.deliver(records)).toEqual({ batchItemFailures: [] });

    expect(await run.accounting()).toMatchObject({ applied: 6, invalid: 2 });
    const refusals = await run.refusals();
    expect(refusals.map(({ reason, detail }) => ({ reason, detail }))).toEqual(
      Array.from({ length: 2 }, () => ({
        reason: 'transform',
        detail: `t did not return within ${TRANSFORMS_RECORD_MS_MAX} ms`,
      })),
    );
  });

  test('costs one limit of the batch and then one of each record; a healthy batch only the first', async () => {
    const run = stage();

    await run.deliver([healthy(0), healthy(1)]);
    expect(run.timeLimit.runs).toEqual([TRANSFORMS_BATCH_MS_MAX]);

    await run.deliver([healthy(0), healthy(1), hanging(2), healthy(3)], 2);
    expect(run.timeLimit.runs.slice(1)).toEqual([
      TRANSFORMS_BATCH_MS_MAX,
      TRANSFORMS_RECORD_MS_MAX,
      TRANSFORMS_RECORD_MS_MAX,
    ]);
  });

  test('costs an aggregate of many user records no more than one record', async () => {
    const run = stage();
    const users = Array.from({ length: 50 }, (_, n) => Buffer.from(JSON.stringify(hanging(n))));
    const last = Buffer.from(JSON.stringify(healthy(50)));
    const aggregate = kplAggregate([...users, last].map((data) => ({ partitionKey: 'a', data })));

    expect(await run.deliver([aggregate, healthy(60)])).toEqual({ batchItemFailures: [] });

    // The first takes all the time there is: the user records behind it are refused unread.
    expect(await run.accounting()).toMatchObject({ applied: 2, invalid: 51 });
    const spentMs = run.timeLimit.runs.slice(1, -1);
    expect(spentMs).toEqual([TRANSFORMS_RECORD_MS_MAX]);
  });

  test('is left to the next invocation where the time ends, and each gets further', async () => {
    const run = stage(() => 60_000 - 10_000 * recordRuns());
    let runsBefore = 0;
    // Of this invocation, behind the one for the whole batch.
    const recordRuns = () => Math.max(0, run.timeLimit.runs.length - runsBefore - 1);
    const records = [hanging(0), healthy(1), hanging(2), healthy(3), hanging(4), healthy(5)];
    const begins: number[] = [];
    for (let from = 0; from < records.length; ) {
      begins.push(from);
      runsBefore = run.timeLimit.runs.length;
      const [failure] = (await run.deliver(records, from)).batchItemFailures;
      from = failure === undefined ? records.length : Number(failure.itemIdentifier) - 1_000;
    }

    // Half of the time is for reading: three records of ten seconds each.
    expect(begins).toEqual([0, 3]);
    expect(await run.accounting()).toMatchObject({ applied: 6, invalid: 3 });
  });

  test('is one refused measurement on the left side of the accounting too', async () => {
    const run = stage();
    const records = [healthy(0), hanging(1), { ...healthy(2), lazy: true }, healthy(3)];
    await run.deliver(records);
    const { pipeline, transforms, timeLimit } = run;
    const counter = new MeasurementCounter({ pipeline, transforms, timeLimit });
    for (const [index, sent] of records.entries()) {
      const { bytes, partitionKey, arrivalMs } = recordOf(sent, index);
      counter.add({ data: bytes.toString('base64'), partitionKey, arrivalMs });
    }

    const { applied, invalid } = await run.accounting();
    expect(counter.total()).toBe(applied + invalid);
  });
});
