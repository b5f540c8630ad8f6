const MAPPING = 'Lambda reads the event source with it';
const DESTINATION = 'Lambda sends what is given up there with it';
const LOGS = 'Lambda writes the logs with it';
const TABLE_STREAM: Readonly<Record<string, string>> = Object.fromEntries(
  ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map((operation) => [
    `dynamodb:${operation} ResultsTable/stream/2026-01-01T00:00:00.000`,
    MAPPING,
  ]),
);
const TABLE_KEY = 'DynamoDB uses the key of its tables with it';
const table = Object.fromEntries(
  [
    ...['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'],
    ...['ReEncryptFrom', 'ReEncryptTo'],
  ].map((operation) => [`kms:${operation} KmsKeyArn via:dynamodb`, TABLE_KEY]),
);
const traces = Object.fromEntries(
  ['PutTelemetryRecords', 'PutTraceSegments'].map((operation) => [
    `xray:${operation} *`,
    'Lambda sends the traces with it',
  ]),
);
const logs = (group: string): Readonly<Record<string, string>> => ({
  [`logs:CreateLogStream ${group}`]: LOGS,
  [`logs:PutLogEvents ${group}`]: LOGS,
});

/**
 * What AWS itself does with a function's role, so that no run of the function can show it. Taken from
 * the documentation of Lambda and Kinesis; every line is one that some statement must allow.
 */
export const PLATFORM_CALLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  StreamConsumer: {
    'kinesis:DescribeStream Stream': MAPPING,
    'kinesis:DescribeStreamSummary Stream': MAPPING,
    'kinesis:GetRecords Stream': MAPPING,
    'kinesis:GetShardIterator Stream': MAPPING,
    'kinesis:ListShards Stream': MAPPING,
    'kinesis:DescribeStreamConsumer StreamFanOut': MAPPING,
    'kinesis:SubscribeToShard StreamFanOut': MAPPING,
    'kms:Decrypt ExistingStreamKeyArn via:kinesis': 'Kinesis decrypts what it hands out with it',
    'kms:Decrypt KmsKeyArn via:kinesis': 'Kinesis decrypts what it hands out with it',
    'kms:GenerateDataKey KmsKeyArn via:s3': 'S3 encrypts what is put with it',
    's3:PutObject QuarantineBucket/aws/lambda/*': DESTINATION,
    's3:ListBucket QuarantineBucket': 'Lambda checks the destination with it',
    ...table,
    ...traces,
    ...logs('StreamConsumerLogGroup'),
  },
  StreamSweeper: {
    'kms:GenerateDataKey ExistingStreamKeyArn via:kinesis': 'Kinesis encrypts what is put with it',
    'kms:GenerateDataKey KmsKeyArn via:kinesis': 'Kinesis encrypts what is put with it',
    'sqs:SendMessage StreamSweeperDeadLetters': DESTINATION,
    ...table,
    ...traces,
    ...logs('StreamSweeperLogGroup'),
  },
  AlertDispatcher: {
    ...TABLE_STREAM,
    'sqs:SendMessage AlertDispatcherDeadLetters': DESTINATION,
    'kms:Decrypt KmsKeyArn via:sns': 'SNS encrypts what is published with it',
    'kms:GenerateDataKey KmsKeyArn via:sns': 'SNS encrypts what is published with it',
    ...table,
    ...traces,
    ...logs('AlertDispatcherLogGroup'),
  },
  ResultProjector: {
    ...TABLE_STREAM,
    'sqs:SendMessage ResultProjectorDeadLetters': DESTINATION,
    ...table,
    ...traces,
    ...logs('ResultProjectorLogGroup'),
  },
};
