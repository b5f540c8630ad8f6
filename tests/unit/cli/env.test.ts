import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { envFile } from '@millrace/cli/env/env-file';
import { readTemplate } from '@millrace/engine';
import { template, templateText } from '../../contract/template/document';

const outputs = Object.fromEntries(
  Object.keys(template().Outputs).map((name) => [name, `of-the-stack-${name}`]),
);
const stack = { outputs, parameters: { ParallelizationFactor: '7', Unknown: 'x' } };
const file = (overrides: object = {}) =>
  envFile({ template: templateText, stack, containerEndpoint: null, ...overrides });

describe('env file of the shipped template', () => {
  test.each([
    ['STATE_TABLE', 'of-the-stack-StateTableName'],
    ['RESULTS_TABLE', 'of-the-stack-ResultsTableName'],
    ['CONTROL_TABLE', 'of-the-stack-ControlTableName'],
    ['QUARANTINE_BUCKET', 'of-the-stack-QuarantineBucketName'],
    ['STREAM_NAME', 'of-the-stack-StreamName'],
    ['STATE_TTL_DAYS', '7'],
    ['QUARANTINE_RETENTION_DAYS', '90'],
    ['ENDPOINT_URL', ''],
  ])('%s is %s', (name, value) => {
    expect(file().StreamConsumer?.[name]).toBe(value);
  });

  test('has every function, with every variable the template declares', () => {
    const { functions } = readTemplate(templateText);
    const declared = [...functions].map(([id, { environment }]) => [id, Object.keys(environment)]);

    const written = Object.entries(file()).map(([id, variables]) => [id, Object.keys(variables)]);

    expect(written).toEqual(declared);
  });

  test('an attribute that is the same as a Ref is found by the output with the Ref', () => {
    expect(file().AlertDispatcher?.ALERT_TOPIC_ARN).toBe('of-the-stack-AlertTopicArn');
  });

  test('containers get the endpoint', () => {
    const containerEndpoint = 'http://host.docker.internal:4566';

    for (const variables of Object.values(file({ containerEndpoint }))) {
      expect(variables.ENDPOINT_URL).toBe(containerEndpoint);
    }
  });

  test('a stack with Timestream: the projector alone gets its table and its endpoint', () => {
    const timestreamEndpoint = 'http://host.docker.internal:5000';
    const parameters = { EnableTimestream: 'true' };

    const { ResultProjector, ...others } = file({
      stack: { ...stack, parameters },
      timestreamEndpoint,
    });

    expect(ResultProjector).toMatchObject({
      TIMESTREAM_DATABASE: 'of-the-stack-TimestreamDatabaseName',
      TIMESTREAM_TABLE: 'of-the-stack-TimestreamTableName',
      TIMESTREAM_ENDPOINT_URL: timestreamEndpoint,
    });
    for (const variables of Object.values(others)) {
      expect(variables).not.toHaveProperty('TIMESTREAM_ENDPOINT_URL');
    }
  });

  test('a stack without an output it needs is refused, with all variables listed', () => {
    const { StateTableName: _none, ...others } = outputs;

    expect(() => file({ stack: { ...stack, outputs: others } })).toThrow(
      'expected an output for StreamConsumer.STATE_TABLE, StreamSweeper.STATE_TABLE',
    );
  });
});

describe('millrace env', () => {
  const PARAMETERS: Readonly<Record<string, string>> = {
    there: '',
    'with-timestream':
      '<Parameters><member><ParameterKey>EnableTimestream</ParameterKey><ParameterValue>true</ParameterValue></member></Parameters>',
  };
  /** A CloudFormation that knows two stacks. */
  const answer = (name: string) => {
    const member = Object.entries(outputs)
      .map(
        ([key, value]) =>
          `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
      )
      .join('');
    if (name in PARAMETERS) {
      return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${name}</StackName>${PARAMETERS[name]}<Outputs>${member}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
    }
    return `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id ${name} does not exist</Message></Error></ErrorResponse>`;
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const name = new URLSearchParams(body).get('StackName') ?? '';
      response.writeHead(name in PARAMETERS ? 200 : 400, { 'content-type': 'text/xml' });
      response.end(answer(name));
    });
  });
  let endpoint: string;
  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const run = async (...args: string[]) => {
    const env = {
      ...process.env,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_REGION: 'us-east-1',
    };
    const command = ['cli/bin/millrace.mjs', 'env', ...args];
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { env });
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout, stderr };
    }
  };

  test('prints the file; the endpoint in it is the host as a container sees it', async () => {
    const { code, stdout, stderr } = await run('--stack', 'there', '--endpoint', endpoint);

    const inContainer = endpoint.replace('127.0.0.1', 'host.docker.internal');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout).StreamSweeper).toMatchObject({
      STATE_TABLE: 'of-the-stack-StateTableName',
      ENDPOINT_URL: inContainer,
    });
  }, 30_000);

  test('an emulated Timestream is told of as a container sees it', async () => {
    const options = ['--endpoint', endpoint, '--timestream-endpoint', 'http://127.0.0.1:5000'];
    const { stdout } = await run('--stack', 'with-timestream', ...options);

    expect(JSON.parse(stdout).ResultProjector).toMatchObject({
      ENDPOINT_URL: endpoint.replace('127.0.0.1', 'host.docker.internal'),
      TIMESTREAM_ENDPOINT_URL: 'http://host.docker.internal:5000',
    });
  }, 30_000);

  test.each([
    [
      'a stack that is not there',
      ['--stack', 'nowhere'],
      'stack nowhere: expected a deployed stack, found none of this name',
    ],
    [
      'an endpoint that is no URL',
      ['--stack', 'there', '--container-endpoint', 'localhost'],
      'millrace env: --container-endpoint: expected a URL like "http://127.0.0.1:4566", got "localhost"',
    ],
  ])(
    '%s is refused in one line',
    async (_what, args, line) => {
      const { code, stderr } = await run('--endpoint', endpoint, ...args);

      expect(stderr).toBe(`${line}\n`);
      expect(code).toBe(2);
    },
    30_000,
  );

  test('a CloudFormation that cannot be reached is an outside error', async () => {
    const { code, stderr } = await run('--stack', 'there', '--endpoint', 'http://127.0.0.1:9');

    expect(stderr).toMatch(/^stack there: .*127\.0\.0\.1:9\n$/);
    expect(code).toBe(3);
  }, 30_000);
});
