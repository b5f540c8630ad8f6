import { ACCOUNT, localArn } from '../arn';

interface Identity {
  /** What `Ref` gives; the logical id when absent. */
  readonly ref?: (logicalId: string) => string;
  readonly arn?: (logicalId: string) => string;
}

const arn = (service: string, prefix = '') => ({
  arn: (id: string) => localArn(service, `${prefix}${id}`),
});
const refIsArn = (service: string, prefix = '') => ({
  ...arn(service, prefix),
  ref: (id: string) => localArn(service, `${prefix}${id}`),
});
const lambda = arn('lambda', 'function:');
const table = arn('dynamodb', 'table/');

/**
 * Stable local names of resources, by type. A name that the template sets is not used: the logical
 * id is what the engine calls things by.
 */
const IDENTITIES: Readonly<Record<string, Identity>> = {
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::DynamoDB::Table': table,
  'AWS::IAM::Role': { arn: (id) => `arn:aws:iam::${ACCOUNT}:role/${id}` },
  'AWS::Kinesis::Stream': arn('kinesis', 'stream/'),
  'AWS::Lambda::Function': lambda,
  'AWS::Lambda::LayerVersion': refIsArn('lambda', 'layer:'),
  'AWS::Logs::LogGroup': arn('logs', 'log-group:'),
  'AWS::S3::Bucket': { arn: (id) => `arn:aws:s3:::${id}` },
  'AWS::SNS::Topic': refIsArn('sns'),
  'AWS::SQS::Queue': { ...arn('sqs'), ref: (id) => `http://sqs.local/${ACCOUNT}/${id}` },
  'AWS::Serverless::Function': lambda,
  'AWS::Serverless::LayerVersion': refIsArn('lambda', 'layer:'),
  'AWS::Serverless::SimpleTable': table,
  'AWS::Serverless::StateMachine': refIsArn('states', 'stateMachine:'),
  'AWS::StepFunctions::StateMachine': refIsArn('states', 'stateMachine:'),
};

export function refOf(type: string, logicalId: string): string {
  return IDENTITIES[type]?.ref?.(logicalId) ?? logicalId;
}

/** Attributes that are no ARN have no local meaning: they read `LogicalId.Attribute`. */
export function attributeOf(type: string, logicalId: string, attribute: string): string {
  const own = IDENTITIES[type]?.arn?.(logicalId) ?? localArn(serviceOf(type), logicalId);
  if (attribute === 'Arn' || attribute.endsWith('.Arn')) return own;
  if (attribute.endsWith('Arn')) return `${own}/${attribute}`;
  if (/^(.+Name|Id)$/.test(attribute)) return logicalId;
  if (attribute === 'QueueUrl') return refOf(type, logicalId);
  return `${logicalId}.${attribute}`;
}

/** The logical id behind an ARN of ours; a stream's consumer counts as the stream. */
export function streamOfArn(streamArn: string): string | null {
  const prefix = localArn('kinesis', 'stream/');
  return streamArn.startsWith(prefix) ? streamArn.slice(prefix.length).split('/')[0]! : null;
}

function serviceOf(type: string): string {
  return (type.split('::')[1] ?? 'unknown').toLowerCase();
}
