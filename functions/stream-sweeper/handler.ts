import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createKinesisClient, createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import { readConfig } from '@millrace/adapters/config';
import { createLog } from '@millrace/adapters/logger';
import { ANSWER_MS, createRemainingTime } from '@millrace/adapters/remaining-time';
import { systemClock } from '@millrace/adapters/system-clock';
import { createStreamSweeper } from './stream-sweeper';

const config = readConfig();
const settings = { endpointUrl: config.endpointUrl };
const time = createRemainingTime();
const deadline = time.until(ANSWER_MS);

const dynamo = createDynamoClient(settings);
const sweeper = createStreamSweeper({
  state: createDynamoStore({
    client: dynamo,
    table: config.stateTable,
    indexes: { due: { partitionKey: 'dueBucket', sortKey: 'due' } },
    deadline,
  }),
  control: createDynamoStore({ client: dynamo, table: config.controlTable, deadline }),
  stream: createKinesisWriter({
    client: createKinesisClient(settings),
    stream: config.streamName,
    deadline,
  }),
  clock: systemClock,
  log: createLog({ service: 'stream-sweeper', level: config.logLevel }),
});

export const handler = time.during(sweeper);
