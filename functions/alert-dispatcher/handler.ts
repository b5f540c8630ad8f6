import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createSnsClient, createSnsTopic } from '@millrace/adapters/aws/sns-publisher';
import { readConfig } from '@millrace/adapters/config';
import { createLog } from '@millrace/adapters/logger';
import { systemClock } from '@millrace/adapters/system-clock';
import { DETECTOR_NAMES } from '@millrace/core/detector/registry';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import pipelineFile from '../../pipeline.json';
import { createAlertDispatcher } from './alert-dispatcher';

const config = readConfig();
const settings = { endpointUrl: config.endpointUrl };

export const handler = createAlertDispatcher({
  pipeline: parsePipeline(pipelineFile, { detectors: DETECTOR_NAMES }).pipeline,
  control: createDynamoStore({ client: createDynamoClient(settings), table: config.controlTable }),
  topic: createSnsTopic({ client: createSnsClient(settings), topicArn: config.alertTopicArn }),
  clock: systemClock,
  log: createLog({ service: 'alert-dispatcher', level: config.logLevel }),
});
