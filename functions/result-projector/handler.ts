import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import {
  createTimestreamClient,
  createTimestreamSink,
} from '@millrace/adapters/aws/timestream-writer';
import { readConfig } from '@millrace/adapters/config';
import { createLog } from '@millrace/adapters/logger';
import { systemClock } from '@millrace/adapters/system-clock';
import { DETECTOR_NAMES } from '@millrace/core/detector/registry';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import pipelineFile from '../../pipeline.json';
import { createResultProjector } from './result-projector';

const config = readConfig();
const dynamo = createDynamoClient({ endpointUrl: config.endpointUrl });

export const handler = createResultProjector({
  pipeline: parsePipeline(pipelineFile, { detectors: DETECTOR_NAMES }).pipeline,
  sink: createTimestreamSink({
    client: createTimestreamClient({ endpointUrl: config.timestreamEndpointUrl }),
    database: config.timestreamDatabase,
    table: config.timestreamTable,
  }),
  control: createDynamoStore({ client: dynamo, table: config.controlTable }),
  clock: systemClock,
  log: createLog({ service: 'result-projector', level: config.logLevel }),
});
