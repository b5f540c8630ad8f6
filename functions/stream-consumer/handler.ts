import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { readConfig } from '@millrace/adapters/config';
import { lazyObjects } from '@millrace/adapters/lazy-objects';
import { createLog } from '@millrace/adapters/logger';
import { createBatchMetrics } from '@millrace/adapters/metrics';
import { ANSWER_MS, createRemainingTime } from '@millrace/adapters/remaining-time';
import { systemClock } from '@millrace/adapters/system-clock';
import { createTimeLimit } from '@millrace/adapters/time-limit';
import { DETECTOR_NAMES } from '@millrace/core/detector/registry';
import { parsePipelineFile } from '@millrace/core/pipeline/parse';
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
// As text: a bundle's JSON would hold long integers of `match` as doubles.
import pipelineFile from '../../pipeline.json' with { type: 'text' };
import { loadTransforms } from './load-transforms';
import { createStreamConsumer, GIVE_UP_MS, type StreamConsumer } from './stream-consumer';

const config = readConfig();
const log = createLog({ service: 'stream-consumer', level: config.logLevel });
// Checked here too: what is deployed is what starts, whoever built it.
const { pipeline } = parsePipelineFile(pipelineFile, { detectors: DETECTOR_NAMES });
const settings = { endpointUrl: config.endpointUrl };
const dynamo = createDynamoClient(settings);
const time = createRemainingTime();
// Before the whole batch is given up: a series whose call hangs then goes back alone.
const deadline = time.until(GIVE_UP_MS + ANSWER_MS);
const table = (name: string) => createDynamoStore({ client: dynamo, table: name, deadline });
// By its name in the deployment package: esbuild leaves this import to Node.
const objects = lazyObjects(async () =>
  (await import('./quarantine-bucket.js')).openQuarantineBucket(config, deadline),
);

/** Not by the logger: CloudWatch reads a metric only from a line that is nothing else. */
const observe = createBatchMetrics({
  namespace: config.metricsNamespace,
  service: 'stream-consumer',
  nowMs: systemClock.nowMs,
  write: (line) => process.stdout.write(line),
});

/** Transforms load once, in the init phase; a bundle in CommonJS has no top-level await. */
const consumer: Promise<StreamConsumer> = loadTransforms(pipeline).then((transforms) =>
  createStreamConsumer({
    pipeline,
    transforms,
    state: table(config.stateTable),
    results: table(config.resultsTable),
    // The count of attempts is deleted when the batch was given up.
    control: createDynamoStore({
      client: dynamo,
      table: config.controlTable,
      deadline: time.until(ANSWER_MS),
    }),
    quarantine: objects,
    log,
    observe,
    clock: systemClock,
    timeLimit: createTimeLimit(),
    stateTtlMs: config.stateTtlMs,
    retentionMs: config.streamRetentionMs,
    quarantineRetentionMs: config.quarantineRetentionMs,
  }),
);

export const handler = time.during(
  async (event: KinesisStreamEvent, context: Context): Promise<KinesisStreamBatchResponse> =>
    (await consumer)(event, context),
);
