import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import {
  createTimestreamClient,
  createTimestreamSink,
} from '@millrace/adapters/aws/timestream-writer';
import { createSinkBreaker } from '@millrace/adapters/breaker/sink-breaker';
import { readConfig } from '@millrace/adapters/config';
import { createLog } from '@millrace/adapters/logger';
import { ANSWER_MS, createRemainingTime } from '@millrace/adapters/remaining-time';
import { systemClock } from '@millrace/adapters/system-clock';
import { DETECTOR_NAMES } from '@millrace/core/detector/registry';
import { parsePipelineFile } from '@millrace/core/pipeline/parse';
// As text: a bundle's JSON would hold long integers of `match` as doubles.
import pipelineFile from '../../pipeline.json' with { type: 'text' };
import { createResultProjector, REST_MS } from './result-projector';

const service = 'result-projector';
const config = readConfig();
const time = createRemainingTime();
const log = createLog({ service, level: config.logLevel });
const control = createDynamoStore({
  client: createDynamoClient({ endpointUrl: config.endpointUrl }),
  table: config.controlTable,
  deadline: time.until(ANSWER_MS),
});

const projector = createResultProjector({
  pipeline: parsePipelineFile(pipelineFile, { detectors: DETECTOR_NAMES }).pipeline,
  sink: createTimestreamSink({
    client: createTimestreamClient({ endpointUrl: config.timestreamEndpointUrl }),
    database: config.timestreamDatabase,
    table: config.timestreamTable,
    deadline: time.until(REST_MS),
  }),
  breaker: createSinkBreaker({
    ...{ sink: 'timestream', control, log, service },
    namespace: config.metricsNamespace,
  }),
  control,
  clock: systemClock,
  log,
});

export const handler = time.during(projector);
