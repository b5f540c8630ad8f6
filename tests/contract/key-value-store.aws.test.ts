import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { contractEndpoint, uniqueName } from './endpoint';
import { CONTRACT_INDEXES } from './key-value-store.indexes';
import { describeKeyValueStore } from './key-value-store.suite';

const client = createDynamoClient({ endpointUrl: contractEndpoint(), requestMsMax: 5000 });

afterAll(() => client.destroy());

describeKeyValueStore(
  'DynamoDB',
  async () => {
    const table = uniqueName('table');
    await client.send(new CreateTableCommand(tableDefinition(table)));
    const limits = { attemptsMax: 3, attemptMsMax: 5000, totalMsMax: 15_000 };
    return {
      store: createDynamoStore({ client, table, indexes: CONTRACT_INDEXES, limits }),
      async close() {
        await client.send(new DeleteTableCommand({ TableName: table }));
      },
    };
  },
  // Every run makes a table, every step a request.
  { propertyRuns: 25 },
);

function tableDefinition(table: string) {
  const sortKeys = Object.values(CONTRACT_INDEXES).map((index) => ({
    AttributeName: index.sortKey,
    AttributeType: index.sortKeyType === 'number' ? ('N' as const) : ('S' as const),
  }));
  const texts = ['pk', 'sk', 'dueBucket'].map((name) => ({
    AttributeName: name,
    AttributeType: 'S' as const,
  }));
  return {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [...texts, ...sortKeys],
    KeySchema: keySchema('pk', 'sk'),
    GlobalSecondaryIndexes: Object.entries(CONTRACT_INDEXES).map(([IndexName, index]) => ({
      IndexName,
      KeySchema: keySchema(index.partitionKey, index.sortKey),
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    })),
  };
}

function keySchema(partitionKey: string, sortKey: string) {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    { AttributeName: sortKey, KeyType: 'RANGE' as const },
  ];
}
