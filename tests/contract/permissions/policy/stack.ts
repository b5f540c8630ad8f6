import { type Document, type Properties, template } from '../../template/document';

/** Statements that only come with a parameter, all of them at once. */
export const ALL_ON = {
  EnableEfo: 'true',
  EnableTimestream: 'true',
  EnableTracing: 'true',
  ExistingStreamKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/existing-stream-key',
  KmsKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/own-key',
};

const PLACE = 'us-east-1:000000000000';

/** Physical names by logical ID; a resource that is not named is called like its logical ID. */
export type Names = Readonly<Record<string, string>>;

/** What references of the template stand for. */
export interface Stack {
  readonly document: Document;
  /** @throws Error for a reference it does not know */
  text(node: unknown): string;
  /** The logical ID in place of what the ARN begins with: `StateTable/index/due`. */
  logical(arn: string): string;
  /** Back again. */
  arn(logical: string): string;
}

export function stackOf(names: Names = {}, overrides: Record<string, string> = ALL_ON): Stack {
  const document = template(overrides);
  const arns = new Map<string, string>();
  for (const id of Object.keys(document.Resources)) {
    const arn = arnOf(document, id, names);
    if (arn !== undefined) arns.set(id, arn);
  }
  for (const key of ['ExistingStreamKeyArn', 'KmsKeyArn']) {
    const arn = overrides[key];
    if (arn !== undefined) arns.set(key, arn);
  }

  function text(node: unknown): string {
    if (typeof node === 'string' || typeof node === 'number') return String(node);
    const [[kind, value] = ['', null]] = Object.entries(node as object);
    if (kind === 'Ref') return refOf(document, String(value), names);
    if (kind === 'Fn::GetAtt') return attribute(value[0], value[1]);
    if (kind !== 'Fn::Sub' || typeof value !== 'string') {
      throw new Error(`permissions: cannot resolve ${JSON.stringify(node)}`);
    }
    return value.replace(/\$\{([\w:]+)(?:\.(\w+))?\}/g, (_all, id, name) =>
      name === undefined ? refOf(document, id, names) : attribute(id, name),
    );
  }

  function attribute(id: string, name: string): string {
    if (name === 'Name') return names[id] ?? id;
    const arn = arns.get(id);
    if (arn === undefined || !/Arn$/.test(name)) throw new Error(`permissions: ${id}.${name}`);
    return name === 'StreamArn' ? `${arn}/stream/2026-01-01T00:00:00.000` : arn;
  }

  return {
    document,
    text,
    logical(arn) {
      const owners = [...arns].filter(([, own]) => arn === own || arn.startsWith(`${own}/`));
      // The ARN of a consumer of a stream begins with that of the stream.
      const [owner] = owners.sort(([, a], [, b]) => b.length - a.length);
      return owner === undefined ? arn : owner[0] + arn.slice(owner[1].length);
    },
    arn(logical) {
      const [id = '', ...rest] = logical.split('/');
      return [arns.get(id) ?? id, ...rest].join('/');
    },
  };
}

function refOf({ Resources }: Document, id: string, names: Names): string {
  if (id === 'AWS::StackName') return 'millrace';
  if (id === 'AWS::Region') return 'us-east-1';
  const resource = Resources[id];
  if (resource === undefined) throw new Error(`permissions: no resource ${id}`);
  if (resource.Type !== 'AWS::Kinesis::StreamConsumer') return names[id] ?? id;
  return `arn:aws:kinesis:${PLACE}:stream/${names.Stream ?? 'Stream'}/consumer/millrace:1`;
}

function arnOf(document: Document, id: string, names: Names): string | undefined {
  const { Type, Properties: properties } = document.Resources[id] as {
    Type: string;
    Properties: Properties;
  };
  const name = names[id] ?? id;
  switch (Type) {
    case 'AWS::DynamoDB::Table':
      return `arn:aws:dynamodb:${PLACE}:table/${name}`;
    case 'AWS::Kinesis::Stream':
      return `arn:aws:kinesis:${PLACE}:stream/${name}`;
    case 'AWS::Kinesis::StreamConsumer':
      return refOf(document, id, names);
    case 'AWS::S3::Bucket':
      return `arn:aws:s3:::${name}`;
    case 'AWS::SQS::Queue':
      return `arn:aws:sqs:${PLACE}:${name}`;
    case 'AWS::SNS::Topic':
      return `arn:aws:sns:${PLACE}:${name}`;
    case 'AWS::Logs::LogGroup':
      return `arn:aws:logs:${PLACE}:log-group:${name}:*`;
    case 'AWS::Timestream::Table': {
      const database = properties.DatabaseName.Ref;
      return `arn:aws:timestream:${PLACE}:database/${names[database] ?? database}/table/${name}`;
    }
    default:
      return undefined;
  }
}
