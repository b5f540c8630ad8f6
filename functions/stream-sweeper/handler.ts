import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createKinesisClient, createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import { readConfig } from '@millrace/adapters/config';
import { createLog } from '@millrace/adapters/logger';
import { systemClock } from '@millrace/adapters/system-clock';
import { createStreamSweeper } from './stream-sweeper';

const config = readConfig();
const settings = { endpointUrl: config.endpointUrl };

export const handler = createStreamSweeper({
  state: createDynamoStore({
    client: createDynamoClient(settings),
    table: config.stateTable,
    indexes: { due: { partitionKey: 'dueBucket', sortKey: 'due' } },
  }),
  stream: createKinesisWriter({
    client: createKinesisClient(settings),
    stream: config.streamName,
  }),
  clock: systemClock,
  log: createLog({ service: 'stream-sweeper', level: config.logLevel }),
});
