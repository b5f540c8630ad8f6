import type {
  FailureDestination,
  StartingPosition,
  StreamMappingSettings,
} from '../kinesis/settings';
import type { Properties } from '../template/properties';

/** The settings that mappings of Kinesis streams and of table streams share. */
export function readStreamMapping(
  logicalId: string,
  properties: Properties,
): StreamMappingSettings {
  if (properties.integer('TumblingWindowInSeconds', [0, 900], 0) > 0) {
    properties.fail(
      'TumblingWindowInSeconds',
      'tumbling windows are not supported by the local engine',
    );
  }
  const ageSeconds = properties.integer('MaximumRecordAgeInSeconds', [-1, 604_800], -1);
  if (ageSeconds >= 0 && ageSeconds < 60) {
    properties.fail(
      'MaximumRecordAgeInSeconds',
      `expected -1 or 60 to 604800, got "${ageSeconds}"`,
    );
  }
  return {
    logicalId,
    enabled: properties.flag('Enabled', true),
    batchSize: properties.integer('BatchSize', [1, 10_000], 100),
    windowMs: properties.integer('MaximumBatchingWindowInSeconds', [0, 300], 0) * 1_000,
    parallelizationFactor: properties.integer('ParallelizationFactor', [1, 10], 1),
    bisect: properties.flag('BisectBatchOnFunctionError', false),
    reportBatchItemFailures: properties
      .list('FunctionResponseTypes')
      .includes('ReportBatchItemFailures'),
    maxRetryAttempts: properties.integer('MaximumRetryAttempts', [-1, 10_000], -1),
    maxRecordAgeMs: ageSeconds < 0 ? null : ageSeconds * 1_000,
    startingPosition: readStart(properties),
    destination: readDestination(properties),
  };
}

function readStart(properties: Properties): StartingPosition {
  const kind = properties.requiredText('StartingPosition');
  if (kind === 'TRIM_HORIZON' || kind === 'LATEST') return { kind };
  if (kind !== 'AT_TIMESTAMP') {
    properties.fail(
      'StartingPosition',
      `expected TRIM_HORIZON, LATEST or AT_TIMESTAMP, got "${kind}"`,
    );
  }
  const seconds = Number(properties.requiredText('StartingPositionTimestamp'));
  if (!Number.isFinite(seconds)) {
    properties.fail('StartingPositionTimestamp', 'expected a time in Unix seconds');
  }
  return { kind: 'AT_TIMESTAMP', atMs: seconds * 1_000 };
}

function readDestination(properties: Properties): FailureDestination | null {
  const onFailure = properties.map('DestinationConfig').map('OnFailure');
  const arn = onFailure.text('Destination');
  if (arn === null || arn === '') return null;
  if (arn.startsWith('kafka://')) return { kind: 'kafka', arn };
  const service = arn.split(':')[2];
  if (service === 's3' || service === 'sqs' || service === 'sns') return { kind: service, arn };
  return onFailure.fail(
    'Destination',
    `expected the ARN of a queue, topic or bucket, got "${arn}"`,
  );
}
