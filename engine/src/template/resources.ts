import { localArn } from '../arn';
import type { KeyNames, StreamDefinition, TableDefinition } from './application';
import type { Properties } from './properties';

/** On-demand streams start with four shards. */
const ON_DEMAND_SHARDS = 4;

export function readStream(logicalId: string, properties: Properties): StreamDefinition {
  const onDemand = properties.map('StreamModeDetails').text('StreamMode') === 'ON_DEMAND';
  return {
    logicalId,
    arn: localArn('kinesis', `stream/${logicalId}`),
    shardCount: onDemand ? ON_DEMAND_SHARDS : properties.integer('ShardCount', [1, 100_000], 1),
  };
}

/** AWS::DynamoDB::Table and GlobalTable. */
export function readTable(logicalId: string, properties: Properties): TableDefinition {
  const indexes: Record<string, KeyNames> = {};
  for (const name of ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes']) {
    for (const index of properties.list(name) as { IndexName: string; KeySchema: unknown }[]) {
      indexes[index.IndexName] = readKeys(index.KeySchema, name, properties);
    }
  }
  return { logicalId, ...readKeys(properties.list('KeySchema'), 'KeySchema', properties), indexes };
}

/** AWS::Serverless::SimpleTable: one key, called `id` unless it is named. */
export function readSimpleTable(logicalId: string, properties: Properties): TableDefinition {
  const partitionKey = properties.map('PrimaryKey').text('Name') ?? 'id';
  return { logicalId, partitionKey, sortKey: null, indexes: {} };
}

function readKeys(schema: unknown, name: string, properties: Properties): KeyNames {
  const elements = Array.isArray(schema)
    ? (schema as { AttributeName: string; KeyType: string }[])
    : [];
  const keyOf = (type: string) => elements.find(({ KeyType }) => KeyType === type)?.AttributeName;
  const partitionKey = keyOf('HASH') ?? properties.fail(name, 'expected a key of type HASH');
  return { partitionKey, sortKey: keyOf('RANGE') ?? null };
}
