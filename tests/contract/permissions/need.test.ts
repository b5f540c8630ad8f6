import { needsOf, type SdkRequest } from './policy/need';

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/t';

function request(service: string, changes: Partial<SdkRequest>): SdkRequest {
  const scope = `Credential=local/20260101/us-east-1/${service}/aws4_request`;
  return {
    ...{ method: 'POST', path: '/', body: Buffer.alloc(0), ...changes },
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, Signature=0`, ...changes.headers },
  };
}

const json = (service: string, target: string, body: object) =>
  request(service, {
    headers: { 'x-amz-target': target },
    body: Buffer.from(JSON.stringify(body)),
  });
const dynamo = (operation: string, body: object) =>
  json('dynamodb', `DynamoDB_20120810.${operation}`, body);
const put = { TableName: 't', Item: { pk: { S: 'A#1' }, sk: { S: '-' } } };
const key = { TableName: 't', Key: { pk: { S: 'B#1' }, sk: { S: '-' } } };

test.each([
  [
    'a query of an index needs the index',
    dynamo('Query', {
      ...{ TableName: 't', IndexName: 'due', KeyConditionExpression: '#0 = :0 AND #1 <= :1' },
      ExpressionAttributeValues: { ':0': { S: 'due#03' }, ':1': { N: '5' } },
    }),
    [['dynamodb:Query', `${TABLE}/index/due`, 'due#03']],
  ],
  [
    'a batch of reads needs one action on every table, for all keys at once',
    dynamo('BatchGetItem', {
      RequestItems: { t: { Keys: [{ pk: { S: 'a' } }, { pk: { S: 'b' } }] } },
    }),
    [['dynamodb:BatchGetItem', TABLE, 'a', 'b']],
  ],
  [
    'a transaction needs the action of each part',
    dynamo('TransactWriteItems', {
      TransactItems: [{ Put: put }, { Update: key }, { Delete: key }, { ConditionCheck: key }],
    }),
    [
      ['dynamodb:PutItem', TABLE, 'A#1'],
      ['dynamodb:UpdateItem', TABLE, 'B#1'],
      ['dynamodb:DeleteItem', TABLE, 'B#1'],
      ['dynamodb:ConditionCheckItem', TABLE, 'B#1'],
    ],
  ],
  ['a scan has no keys', dynamo('Scan', { TableName: 't' }), [['dynamodb:Scan', TABLE]]],
  [
    'a conditional create of an object is a put',
    request('s3', { method: 'PUT', path: '/b/quarantine/s/1.0?x-id=PutObject' }),
    [['s3:PutObject', 'arn:aws:s3:::b/quarantine/s/1.0']],
  ],
  [
    'a look at an object is a get',
    request('s3', { method: 'HEAD', path: '/b/k' }),
    [['s3:GetObject', 'arn:aws:s3:::b/k']],
  ],
  [
    'a list is of the bucket',
    request('s3', { method: 'GET', path: '/b?list-type=2&prefix=x' }),
    [['s3:ListBucket', 'arn:aws:s3:::b']],
  ],
  [
    'a batch of messages is a publish',
    request('sns', { body: Buffer.from('Action=PublishBatch&TopicArn=arn%3At') }),
    [['sns:Publish', 'arn:t']],
  ],
  [
    'a stream of another account is named by its ARN',
    json('kinesis', 'Kinesis_20131202.PutRecords', { StreamARN: 'arn:s', Records: [] }),
    [['kinesis:PutRecords', 'arn:s']],
  ],
  [
    'the question for an endpoint is about no resource',
    json('timestream', 'Timestream_20181101.DescribeEndpoints', {}),
    [['timestream:DescribeEndpoints', '*']],
  ],
])('%s', (_name, call, expected) => {
  expect(
    needsOf(call).map(({ action, resource, leadingKeys }) => [action, resource, ...leadingKeys]),
  ).toEqual(expected);
});

test.each([
  ['an operation', dynamo('ExecuteStatement', {})],
  ['a service', request('secretsmanager', {})],
  ['a kind of put', request('s3', { method: 'PUT', path: '/b/k?tagging' })],
])('%s that nobody has said anything about is refused, not guessed', (_name, call) => {
  expect(() => needsOf(call)).toThrow('permissions:');
});
