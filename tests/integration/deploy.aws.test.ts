import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createKinesisClient, createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import { createS3Client, createS3Objects } from '@millrace/adapters/aws/s3-objects';
import { main } from '@millrace/cli/main';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import { readAccounting, readIncidents, readRows } from '@millrace/core/results/read';
import { incidentLine, rowLine } from '@millrace/core/results/view';
import { readTemplate } from '@millrace/engine';
import { resourcesOf, template, templateText } from '../contract/template/document';
import { quarantineOf } from '../helper/quarantine';
import { captureOutput } from '../unit/cli/capture-output';
import { type Reference, recordsToPut, replayed } from './deployed-run';
import { emulatedAws } from './emulated-aws';
import { type DeployedStack, describeStack, sam } from './sam-stack';
import {
  kinesisEvent,
  readStream,
  type StreamedRecord,
  withoutZeros,
  writeRecording,
} from './stream-content';

/**
 * The unchanged template and bundles, deployed by the SAM CLI to an emulated AWS and fed through the
 * Kinesis API; `npm run test:deploy` starts the emulator. The tests build on one another.
 *
 * What the emulator does otherwise than AWS, and what is done about it here:
 * - it drops TimeToLive: set below by hand, as the template says it;
 * - it ignores ReportBatchItemFailures of Kinesis, so a failure that was reported would lose records:
 *   the functions' log must not have any.
 */
const RECORDS = 2000;
const STACK = 'millrace';
const CONSUMED_MS_MAX = 90_000;
const REDELIVERED_AT_ONCE = 500;

const endpoint = process.env.MILLRACE_ENDPOINT as string;
const aws = emulatedAws(endpoint);
const folder = mkdtempSync(join(tmpdir(), 'millrace-deploy-'));
const built = resolve('.millrace/test-deploy/build');
const samConfig = ['--config-file', resolve('samconfig.toml')];
const { pipeline } = parsePipelineText(readFileSync('pipeline.json', 'utf8'));

const settings = { endpointUrl: endpoint, requestMsMax: 10_000 };
const limits = { attemptsMax: 5, attemptMsMax: 10_000, totalMsMax: 30_000 };
const dynamo = createDynamoClient(settings);
const kinesis = createKinesisClient(settings);
const s3 = createS3Client(settings);
jest.setTimeout(180_000);

let stack: DeployedStack;
let before: readonly string[];
let closers: number;
let inStream: readonly StreamedRecord[];
let reference: Reference;

const table = (output: string) =>
  createDynamoStore({
    client: dynamo,
    table: stack.outputs[output] as string,
    indexes: { due: { partitionKey: 'dueBucket', sortKey: 'due' } },
    limits,
  });
const accounting = () => readAccounting(table('StateTableName'), table('ControlTableName'));
const rows = async () => (await readRows(table('ResultsTableName'), pipeline)).map(rowLine);
const quarantine = () => {
  const bucket = stack.outputs.QuarantineBucketName as string;
  const objects = createS3Objects({ client: s3, bucket, limits });
  return quarantineOf({ control: table('ControlTableName'), quarantine: objects });
};

beforeAll(async () => {
  before = await aws.inventory();
  await sam(endpoint, ['build', ...samConfig, '--build-dir', built]);
  await deploy('default', []);
  stack = await describeStack(endpoint, STACK);
});

afterAll(() => {
  for (const client of [dynamo, kinesis, s3]) client.destroy();
  rmSync(folder, { recursive: true, force: true });
});

describe('sam deploy', () => {
  test('gives every output of the template a value', () => {
    const written = Object.entries(template().Outputs).filter(
      ([, output]) => !isConditional(output),
    );

    expect(Object.keys(stack.outputs).sort()).toEqual(written.map(([name]) => name).sort());
    for (const value of Object.values(stack.outputs)) expect(value).not.toBe('');
  });

  test('made every function of the template, for the architecture that was asked for', async () => {
    const functions = [...readTemplate(templateText).functions.keys()];

    const made = await Promise.all(
      functions.map(async (id) => {
        const path = `/2015-03-31/functions/${stack.idOf(id)}/configuration`;
        return (await aws.get('lambda', path)) as Record<string, unknown>;
      }),
    );

    expect(made.length).toBeGreaterThan(1);
    for (const { Runtime, Architectures } of made) {
      expect({ Runtime, Architectures }).toEqual({
        Runtime: 'nodejs24.x',
        Architectures: ['x86_64'],
      });
    }
  });

  test('and the tables expire their items, once the emulator is told what the template says', async () => {
    for (const [id, { Properties }] of resourcesOf(template(), 'AWS::DynamoDB::Table')) {
      const TimeToLiveSpecification = Properties.TimeToLiveSpecification;
      await dynamo.send(
        new UpdateTimeToLiveCommand({ TableName: stack.idOf(id), TimeToLiveSpecification }),
      );
      const told = await aws.json('dynamodb', 'DynamoDB_20120810.DescribeTimeToLive', {
        TableName: stack.idOf(id),
      });
      expect(told).toMatchObject({
        TimeToLiveDescription: { AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' },
      });
    }
  });
});

describe(`${RECORDS} records through the Kinesis API`, () => {
  beforeAll(async () => {
    const stream = stack.outputs.StreamName as string;
    const made = recordsToPut(folder, RECORDS);
    closers = made.closers;
    await createKinesisWriter({ client: kinesis, stream, limits }).put(made.records);
    inStream = await readStream(kinesis, stream);
    // As they arrived: their own shards, sequence numbers and times.
    const recording = join(folder, 'deployed.ndjson');
    await writeRecording(recording, inStream);
    reference = replayed(recording, join(folder, 'reference'));
  });

  test('are all in the stream, and say something', () => {
    const { late, duplicate, invalid } = reference.accounting;

    expect(inStream).toHaveLength(RECORDS);
    expect(reference.rows.length).toBeGreaterThan(250);
    expect(reference.incidents.length).toBeGreaterThan(0);
    for (const count of [late, duplicate, invalid]) expect(count).toBeGreaterThan(0);
  });

  test('are all accounted for by the deployed function', async () => {
    const counted = await consumed();

    expect(await reportedFailures(STACK)).toEqual([]);
    expect(counted).toMatchObject(committed(reference));
  });

  test('give exactly the rows of `millrace replay`, but for the windows that are still open', async () => {
    const deployed = await rows();

    // Each series' closing record stands in a window of its own, which only time closes.
    const open = lastOfEachSeries(reference.rows);
    expect(open).toHaveLength(closers);
    expect(open.map((row) => row.count)).toEqual(open.map(() => 1));
    expect(withoutLast(deployed, open)).toEqual(
      reference.rows.filter((row) => !open.includes(row)),
    );
  });

  test('give exactly its incidents', async () => {
    const deployed = await readIncidents(table('ResultsTableName'), pipeline);

    expect(deployed.map(incidentLine)).toEqual(reference.incidents);
  });

  test('are shown by `millrace query --stack` as the tables hold them', async () => {
    const inTables = await rows();
    const output = captureOutput();
    const asked = ['query', '--stack', STACK, '--endpoint', endpoint, '--json'];
    const code = await main(asked, process.cwd());
    output.restore();
    expect(code).toBe(0);
    expect(JSON.parse(output.printed.stdout)).toHaveLength(inTables.length);
  });

  test('leave what was refused where it is found, byte for byte', async () => {
    const refused = (await quarantine()).map(({ reason, sequence, sub, data }) => ({
      reason,
      sequence: withoutZeros(sequence),
      sub,
      data: Buffer.from(data ?? []).toString('base64'),
    }));

    expect(refused).toEqual(
      reference.quarantine.map(({ reason, sequence, sub, data }) => ({
        reason,
        sequence,
        sub,
        data,
      })),
    );
  });

  test('change nothing when all of them are delivered again', async () => {
    const first = {
      rows: await rows(),
      quarantine: await quarantine(),
      counts: await accounting(),
    };
    const arn = `arn:aws:kinesis:us-east-1:000000000000:stream/${stack.outputs.StreamName}`;

    for (const batch of batchesByShard(inStream)) {
      const answer = await aws.invoke(stack.idOf('StreamConsumer'), kinesisEvent(batch, arn));
      expect(answer).toEqual({ batchItemFailures: [] });
    }

    const again = {
      rows: await rows(),
      quarantine: await quarantine(),
      counts: await accounting(),
    };
    expect(again).toEqual(first);
  });

  test('leave nothing for the sweeper, unless this took longer than the idle gap', async () => {
    const answer = await aws.invoke(stack.idOf('StreamSweeper'), {});

    const lastMs = Math.max(...inStream.map(({ arrivalMs }) => arrivalMs));
    const isOver = Date.now() - lastMs > Math.min(...pipeline.metrics.map((m) => m.idleCloseMs));
    if (!isOver) expect(answer).toMatchObject({ ticks: 0 });
    else expect(answer).toHaveProperty('ticks');
  });
});

describe('sam delete', () => {
  test('leaves nothing but what the template retains', async () => {
    const document = template();
    const isKept = ({ DeletionPolicy, Properties }: (typeof document.Resources)[string]) =>
      DeletionPolicy === 'Retain' || Properties?.RetentionPolicy === 'Retain';
    const kept = stack.resources
      .filter(({ logicalId, type }) => {
        // Part of the bucket, and no thing of its own.
        if (type === 'AWS::S3::BucketPolicy') return false;
        // SAM adds a hash of its content to the name of a layer.
        const id = logicalId.replace(/^(CoreLayer)[0-9a-f]{10}$/, '$1');
        const resource = document.Resources[id];
        return resource !== undefined && isKept(resource);
      })
      .map(({ physicalId }) => physicalId);

    await sam(endpoint, ['delete', '--stack-name', STACK, '--region', 'us-east-1', '--no-prompts']);

    const after = await aws.inventory();
    const left = after.filter((name) => !before.includes(name) && !name.includes(SAM_OWN));
    expect(left.map(nameAlone).sort()).toEqual(kept.sort());
    // The bucket that stays must go on refusing plain HTTP.
    expect(await bucketPolicy(stack.outputs.QuarantineBucketName as string)).toContain(
      'aws:SecureTransport',
    );
  });
});

describe('a new stack over the stream that was left', () => {
  test('reads it from its beginning and gives the same rows', async () => {
    const arn = `arn:aws:kinesis:us-east-1:000000000000:stream/${stack.outputs.StreamName}`;

    await deploy('dev', [`ExistingStreamArn=${arn}`]);
    stack = await describeStack(endpoint, `${STACK}-dev`);
    const counted = await consumed();

    const open = lastOfEachSeries(reference.rows);
    expect(await reportedFailures(`${STACK}-dev`)).toEqual([]);
    expect(stack.resources.map(({ type }) => type)).not.toContain('AWS::Kinesis::Stream');
    expect(stack.outputs.StreamName).toBe(arn);
    expect(counted).toMatchObject(committed(reference));
    expect(withoutLast(await rows(), open)).toEqual(
      reference.rows.filter((row) => !open.includes(row)),
    );
  });
});

async function deploy(stage: string, parameters: readonly string[]): Promise<void> {
  const target = ['--template-file', join(built, 'template.yaml'), '--config-env', stage];
  const overrides = ['--parameter-overrides', 'Architecture=x86_64', ...parameters];
  await sam(endpoint, ['deploy', ...samConfig, ...target, '--no-confirm-changeset', ...overrides]);
}

/** What must be committed of the records; the rest of an accounting is counted otherwise. */
function committed({ accounting }: Reference): Record<string, unknown> {
  const { applied, late, duplicate, invalid, unmatched, revised } = accounting;
  return { applied, late, duplicate, invalid, unmatched, revised };
}

/** The accounting once it is complete, or as it is when that takes too long. */
async function consumed() {
  const wanted = Object.entries(committed(reference));
  for (const untilMs = Date.now() + CONSUMED_MS_MAX; ; await sleep(500)) {
    const counted = await accounting();
    const isThere = wanted.every(([name, n]) => counted[name as keyof typeof counted] === n);
    if (isThere || Date.now() > untilMs) return counted;
  }
}

/** Rows without those windows, should a slow machine have let the sweeper close them. */
function withoutLast(found: Reference['rows'], open: Reference['rows']): Reference['rows'] {
  const idOf = ({ metric, series, start }: Reference['rows'][number]) =>
    JSON.stringify([metric, series, start]);
  const ids = new Set(open.map(idOf));
  return found.filter((row) => !ids.has(idOf(row)));
}

function isConditional(output: object): boolean {
  return 'Condition' in output;
}

/** Of the stack with the bucket for built code, which SAM makes once an account. */
const SAM_OWN = '/aws-sam-cli-managed-default';

async function bucketPolicy(bucket: string): Promise<string> {
  return JSON.stringify(await aws.get('s3', `/${bucket}?policy`));
}

function nameAlone(holding: string): string {
  return holding.slice(holding.indexOf('/') + 1);
}

function lastOfEachSeries(rows: Reference['rows']): Reference['rows'] {
  return rows.filter(({ metric, series }, at) => {
    const next = rows[at + 1];
    return next?.metric !== metric || next?.series !== series;
  });
}

function* batchesByShard(records: readonly StreamedRecord[]): Generator<StreamedRecord[]> {
  const shards = new Set(records.map(({ shard }) => shard));
  for (const shard of shards) {
    const own = records.filter((record) => record.shard === shard);
    for (let at = 0; at < own.length; at += REDELIVERED_AT_ONCE) {
      yield own.slice(at, at + REDELIVERED_AT_ONCE);
    }
  }
}

/** What the consumer wrote about batches it handed back, which the emulator did not take back. */
async function reportedFailures(name: string): Promise<string[]> {
  const logGroupName = `/aws/lambda/${name}-stream-consumer`;
  const found = await aws.json('logs', 'Logs_20140328.FilterLogEvents', { logGroupName });
  const { events = [] } = found as { events?: { message: string }[] };
  return events.map(({ message }) => message).filter((text) => /"level":"(WARN|ERROR)"/.test(text));
}
