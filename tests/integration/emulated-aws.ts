/**
 * Plain calls to the emulated AWS, for what the tests ask and the product does not: what exists, and
 * one invocation. The emulator finds the service by the signature's scope and does not check it.
 */
export interface EmulatedAws {
  readonly endpoint: string;
  /** A call in JSON, such as `Logs_20140328.DescribeLogGroups`. */
  json(service: string, target: string, body?: unknown): Promise<unknown>;
  /** A REST call; null when nothing is answered. */
  get(service: string, path: string, method?: 'GET' | 'DELETE'): Promise<unknown>;
  /** A call in the older form; answers XML. */
  query(service: string, fields: Readonly<Record<string, string>>): Promise<string>;
  /** Names, one `service/name` each, of everything an account may hold that a stack makes. */
  inventory(): Promise<readonly string[]>;
  /** @throws Error with what the function threw */
  invoke(functionName: string, event: unknown): Promise<unknown>;
}

const CALL_MS_MAX = 70_000;

export function emulatedAws(endpoint: string): EmulatedAws {
  const call = async (service: string, path: string, init: RequestInit) => {
    const scope = `Credential=local/20260101/us-east-1/${service}/aws4_request`;
    const answer = await fetch(`${endpoint}${path}`, {
      ...init,
      headers: {
        ...init.headers,
        authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`,
      },
      signal: AbortSignal.timeout(CALL_MS_MAX),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${service} ${path}: ${answer.status} ${text.slice(0, 500)}`);
    return { text, headers: answer.headers };
  };
  const json: EmulatedAws['json'] = async (service, target, body = {}) => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    return JSON.parse((await call(service, '/', request)).text);
  };
  const get: EmulatedAws['get'] = async (service, path, method = 'GET') => {
    const { text } = await call(service, path, { method });
    return text === '' ? null : JSON.parse(text);
  };
  const query: EmulatedAws['query'] = async (service, fields) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams(fields).toString();
    return (await call(service, '/', { method: 'POST', headers, body })).text;
  };
  const ask = (service: string, Action: string, Version: string) =>
    query(service, { Action, Version });

  /** A service, how to list what it holds, and how to find the names in the answer. */
  const holdings: readonly [string, () => Promise<unknown>, RegExp][] = [
    ['dynamodb', () => json('dynamodb', 'DynamoDB_20120810.ListTables'), /"([^"]+)"(?=[,\]])/g],
    ['kinesis', () => json('kinesis', 'Kinesis_20131202.ListStreams'), /"StreamName":"([^"]+)"/g],
    ['s3', async () => (await call('s3', '/', {})).text, /<Bucket><Name>([^<]+)/g],
    ['sqs', () => json('sqs', 'AmazonSQS.ListQueues'), /\/([^/"]+)"(?=[,\]])/g],
    ['sns', () => ask('sns', 'ListTopics', '2010-03-31'), /<TopicArn>([^<]+)/g],
    ['lambda', () => get('lambda', '/2015-03-31/functions/'), /"FunctionName":"([^"]+)"/g],
    ['mapping', () => get('lambda', '/2015-03-31/event-source-mappings/'), /"UUID":"([^"]+)"/g],
    ['layer', () => get('lambda', '/2018-10-31/layers'), /"LayerVersionArn":"([^"]+)"/g],
    ['schedule', () => get('scheduler', '/schedules'), /"Name":"([^"]+)"/g],
    ['logs', () => json('logs', 'Logs_20140328.DescribeLogGroups'), /"logGroupName":"([^"]+)"/g],
    ['role', () => ask('iam', 'ListRoles', '2010-05-08'), /<RoleName>([^<]+)/g],
    ['alarm', () => ask('monitoring', 'DescribeAlarms', '2010-08-01'), /<AlarmName>([^<]+)/g],
    ['stack', () => ask('cloudformation', 'ListStacks', '2010-05-15'), LIVE_STACKS],
  ];

  return {
    endpoint,
    json,
    get,
    query,
    async inventory() {
      const names = holdings.map(async ([service, list, pattern]) => {
        const found = await list();
        const text = typeof found === 'string' ? found : JSON.stringify(found);
        return [...text.matchAll(pattern)].map(([, name]) => `${service}/${name}`);
      });
      return (await Promise.all(names)).flat().sort();
    },
    async invoke(functionName, event) {
      const path = `/2015-03-31/functions/${functionName}/invocations`;
      const body = JSON.stringify(event);
      const { text, headers } = await call('lambda', path, { method: 'POST', body });
      if (headers.has('x-amz-function-error')) throw new Error(`${functionName}: ${text}`);
      return JSON.parse(text);
    },
  };
}

const LIVE_STACKS =
  /<StackName>([^<]+)<\/StackName>(?=(?:(?!<\/member>)[\s\S])*_COMPLETE<)(?!(?:(?!<\/member>)[\s\S])*DELETE_COMPLETE<)/g;
