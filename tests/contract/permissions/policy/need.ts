/** One permission that a request needs: IAM checks the action, the resource and the partition keys. */
export interface Need {
  /** As IAM names it: `dynamodb:PutItem`. */
  readonly action: string;
  readonly resource: string;
  /** `dynamodb:LeadingKeys` of the request; empty where it has none. */
  readonly leadingKeys: readonly string[];
  /** The service that asks KMS for the caller: `kms:ViaService`, without region and domain. */
  readonly via?: string;
}

/** An HTTP request of an AWS SDK. */
export interface SdkRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

// biome-ignore lint/suspicious/noExplicitAny: bodies are read by the names the services give them.
type Body = any;

const PLACE = 'us-east-1:000000000000';

/**
 * What IAM would ask of the role for this request. The service comes from the signature's scope.
 *
 * @throws Error for an operation that is not known here: it has to be taught, not guessed
 */
export function needsOf(request: SdkRequest): Need[] {
  const [, service = ''] =
    /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(header(request, 'authorization')) ?? [];
  const read = READERS[service];
  if (read === undefined) throw new Error(`permissions: an unknown service: ${service}`);
  return read(request);
}

const READERS: Readonly<Record<string, (request: SdkRequest) => Need[]>> = {
  dynamodb: ofDynamoDb,
  kinesis: ofKinesis,
  s3: ofS3,
  sns: ofSns,
  timestream: ofTimestream,
};

function ofDynamoDb(request: SdkRequest): Need[] {
  const { operation, body } = jsonCall(request);
  const on = (action: string, table: string, keys: readonly unknown[], index?: string): Need => ({
    action: `dynamodb:${action}`,
    resource: `arn:aws:dynamodb:${PLACE}:table/${table}${index === undefined ? '' : `/index/${index}`}`,
    leadingKeys: [...new Set(keys.map(String))],
  });
  const keyOf = (part: Body): unknown => (part.Key ?? part.Item).pk.S;
  switch (operation) {
    case 'GetItem':
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return [on(operation, body.TableName, [keyOf(body)])];
    case 'BatchGetItem':
      return Object.entries<Body>(body.RequestItems).map(([table, { Keys }]) =>
        on(operation, table, Keys.map(keyIn)),
      );
    case 'BatchWriteItem':
      return Object.entries<Body>(body.RequestItems).map(([table, writes]) =>
        on(
          operation,
          table,
          writes.map((each: Body) => keyOf(each.PutRequest ?? each.DeleteRequest)),
        ),
      );
    case 'TransactGetItems':
      return body.TransactItems.map(({ Get }: Body) => on('GetItem', Get.TableName, [keyOf(Get)]));
    case 'TransactWriteItems':
      return body.TransactItems.flatMap((each: Body) =>
        Object.entries<Body>(each).map(([kind, part]) =>
          on(kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`, part.TableName, [
            keyOf(part),
          ]),
        ),
      );
    case 'Query':
      return [on(operation, body.TableName, partitionOf(body), body.IndexName)];
    case 'Scan':
      return [on(operation, body.TableName, [], body.IndexName)];
    default:
      throw unknown('dynamodb', operation);
  }
}

const keyIn = (key: Body): unknown => key.pk.S;

/** The values that the key condition compares for equality: one of them is the partition key. */
function partitionOf(body: Body): unknown[] {
  const [, placeholder = ''] = /= *(:\w+)/.exec(body.KeyConditionExpression) ?? [];
  return [Object.values(body.ExpressionAttributeValues?.[placeholder] ?? {})[0] ?? ''];
}

function ofKinesis(request: SdkRequest): Need[] {
  const { operation, body } = jsonCall(request);
  if (operation !== 'PutRecords' && operation !== 'PutRecord') throw unknown('kinesis', operation);
  const resource = body.StreamARN ?? `arn:aws:kinesis:${PLACE}:stream/${body.StreamName}`;
  return [{ action: `kinesis:${operation}`, resource, leadingKeys: [] }];
}

/** Path style, as emulators are asked. A conditional create needs no more than a create. */
function ofS3({ method, path, headers }: SdkRequest): Need[] {
  const { pathname, searchParams } = new URL(path, 'http://bucket');
  const [, bucket = '', ...rest] = pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  const need = (action: string): Need[] => [
    {
      action: `s3:${action}`,
      resource: `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`,
      leadingKeys: [],
    },
  ];
  const special = ['acl', 'tagging', 'uploads', 'uploadId', 'versionId', 'retention'];
  const isSpecial =
    special.some((name) => searchParams.has(name)) || headers['x-amz-copy-source'] !== undefined;
  if (isSpecial) throw unknown('s3', `${method} ${path}`);
  if (key === '') {
    if (method === 'HEAD' || (method === 'GET' && searchParams.has('list-type')))
      return need('ListBucket');
    throw unknown('s3', `${method} ${path}`);
  }
  if (method === 'PUT') return need('PutObject');
  if (method === 'GET' || method === 'HEAD') return need('GetObject');
  if (method === 'DELETE') return need('DeleteObject');
  throw unknown('s3', `${method} ${path}`);
}

function ofSns({ body }: SdkRequest): Need[] {
  const form = new URLSearchParams(body.toString());
  const operation = form.get('Action') ?? '';
  // PublishBatch is allowed by sns:Publish.
  if (!['Publish', 'PublishBatch'].includes(operation)) throw unknown('sns', operation);
  return [{ action: 'sns:Publish', resource: String(form.get('TopicArn')), leadingKeys: [] }];
}

function ofTimestream(request: SdkRequest): Need[] {
  const { operation, body } = jsonCall(request);
  const action = `timestream:${operation}`;
  if (operation === 'DescribeEndpoints') return [{ action, resource: '*', leadingKeys: [] }];
  if (operation !== 'WriteRecords') throw unknown('timestream', operation);
  const resource = `arn:aws:timestream:${PLACE}:database/${body.DatabaseName}/table/${body.TableName}`;
  return [{ action, resource, leadingKeys: [] }];
}

function jsonCall(request: SdkRequest): { operation: string; body: Body } {
  const [, operation = ''] = header(request, 'x-amz-target').split('.');
  return { operation, body: JSON.parse(request.body.toString()) };
}

function header({ headers }: SdkRequest, name: string): string {
  return String(headers[name] ?? '');
}

function unknown(service: string, operation: string): Error {
  return new Error(`permissions: what does ${service} ${operation} need? Say it in policy/need.ts`);
}
