import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createSnsClient, createSnsTopic } from '@millrace/adapters/aws/sns-publisher';
import { readConfig } from '@millrace/adapters/config';
import { createLog } from '@millrace/adapters/logger';
import { systemClock } from '@millrace/adapters/system-clock';
import pipelineFile from '../../pipeline.json';
import { createAlertDispatcher } from './alert-dispatcher';
import { readAlertSettings } from './alert-settings';

const config = readConfig();
const settings = { endpointUrl: config.endpointUrl };

export const handler = createAlertDispatcher({
  alerts: readAlertSettings(pipelineFile),
  control: createDynamoStore({ client: createDynamoClient(settings), table: config.controlTable }),
  topic: createSnsTopic({ client: createSnsClient(settings), topicArn: config.alertTopicArn }),
  clock: systemClock,
  log: createLog({ service: 'alert-dispatcher', level: config.logLevel }),
});
