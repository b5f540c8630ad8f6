import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createSnsClient, createSnsTopic } from '@millrace/adapters/aws/sns-publisher';
import { createSinkBreaker } from '@millrace/adapters/breaker/sink-breaker';
import { readConfig } from '@millrace/adapters/config';
import { createLog } from '@millrace/adapters/logger';
import { ANSWER_MS, createRemainingTime } from '@millrace/adapters/remaining-time';
import { systemClock } from '@millrace/adapters/system-clock';
import pipelineFile from '../../pipeline.json';
import { createAlertDispatcher, REST_MS } from './alert-dispatcher';
import { readAlertSettings } from './alert-settings';

const service = 'alert-dispatcher';
const config = readConfig();
const settings = { endpointUrl: config.endpointUrl };
const time = createRemainingTime();
const log = createLog({ service, level: config.logLevel });
const control = createDynamoStore({
  client: createDynamoClient(settings),
  table: config.controlTable,
  deadline: time.until(ANSWER_MS),
});

const dispatcher = createAlertDispatcher({
  alerts: readAlertSettings(pipelineFile),
  control,
  topic: createSnsTopic({
    client: createSnsClient(settings),
    topicArn: config.alertTopicArn,
    deadline: time.until(REST_MS),
  }),
  breaker: createSinkBreaker({
    ...{ sink: 'sns', control, log, service },
    namespace: config.metricsNamespace,
  }),
  clock: systemClock,
  log,
});

export const handler = time.during(dispatcher);
