import { randomUUID } from 'node:crypto';
import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createSnsClient, createSnsTopic } from '@millrace/adapters/aws/sns-publisher';
import { createBreaker } from '@millrace/adapters/breaker';
import { reportBreaker } from '@millrace/adapters/breaker-report';
import { readConfig } from '@millrace/adapters/config';
import { createLog } from '@millrace/adapters/logger';
import { ANSWER_MS, createRemainingTime } from '@millrace/adapters/remaining-time';
import { systemClock } from '@millrace/adapters/system-clock';
import pipelineFile from '../../pipeline.json';
import { createAlertDispatcher, REST_MS } from './alert-dispatcher';
import { readAlertSettings } from './alert-settings';

const config = readConfig();
const settings = { endpointUrl: config.endpointUrl };
const time = createRemainingTime();
const log = createLog({ service: 'alert-dispatcher', level: config.logLevel });
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
  breaker: createBreaker({
    sink: 'sns',
    control,
    clock: systemClock,
    owner: randomUUID(),
    random: Math.random,
    ...reportBreaker({
      sink: 'sns',
      log,
      namespace: config.metricsNamespace,
      service: 'alert-dispatcher',
      nowMs: systemClock.nowMs,
      write: (line) => process.stdout.write(line),
    }),
  }),
  clock: systemClock,
  log,
});

export const handler = time.during(dispatcher);
