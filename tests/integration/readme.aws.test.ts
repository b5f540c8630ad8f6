import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Reference, replayed } from './deployed-run';
import { emulatedAws } from './emulated-aws';
import { printedCommands } from './printed-commands';
import { RUNBOOK_NOT_RUN, runbookSteps } from './runbook-steps';
import { describeStack } from './sam-stack';
import type { Step } from './step';
import { type Answer, Terminal } from './terminal';

/**
 * The deploy section of README.md, then docs/deploy.md and docs/operations.md, followed word for word:
 * their commands as they stand in a clean clone of HEAD, in order, typed into one shell on a terminal.
 * What is not in the pages is only: where AWS is (an emulated one; `npm run test:readme` starts it), the
 * AWS CLI, and the SAM CLI, which `npm run build` would install into .venv-sam/ in a minute: the one of
 * this checkout is linked there.
 */
const clone = join(mkdtempSync(join(tmpdir(), 'millrace-readme-')), 'millrace');
execFileSync('git', ['clone', '--quiet', resolve('.'), clone], { stdio: 'pipe' });

const endpoint = process.env.MILLRACE_ENDPOINT as string;
const aws = emulatedAws(endpoint);
const ORDERS = 'arn:aws:kinesis:us-east-1:000000000000:stream/orders';
/** Newest windows of a series, which only time closes. */
const OPEN_WINDOWS_MAX = 3;
const ROWS_MS_MAX = 60_000;
jest.setTimeout(250_000);

let terminal: Terminal;
let before: readonly string[];
let kept: readonly string[] = [];

const enterAndDeploy: Answer = (question) => (/^Deploy this changeset\?/.test(question) ? 'y' : '');
const deploy: Answer = (question) => (/^Deploy this changeset\?/.test(question) ? 'y' : undefined);
const remove: Answer = (question) =>
  /^Are you sure you want to delete/.test(question) ? 'y' : undefined;

const README: Readonly<Record<string, Step>> = {
  'npm install': {},
  'npm run build': { check: ({ output }) => expect(output).toContain('Build Succeeded') },
  'export PATH="$PATH:$PWD/.venv-sam/bin"': {},
  'sam deploy --guided': {
    answer: enterAndDeploy,
    async check({ output, questions }) {
      expect(questions[0]).toBe('Stack Name [millrace]:');
      expect(questions.at(-1)).toBe('Deploy this changeset? [y/N]:');
      expect(output).toMatch(/^Key +StreamName *$/m);
      const { outputs } = await describeStack(endpoint, 'millrace');
      for (const value of Object.values(outputs))
        expect(output.replace(/\s/g, '')).toContain(value);
      expect(readFileSync(join(clone, 'samconfig.toml'), 'utf8')).toContain('region = "us-east-1"');
    },
  },
  'npx millrace produce --out try.ndjson --duration 30m --rate 12/m': {},
  'npx millrace replay try.ndjson --to STREAM --speed max --shift-time': {
    async typed(command) {
      const { outputs } = await describeStack(endpoint, 'millrace');
      return command.replace('STREAM', outputs.StreamName as string);
    },
    async check() {
      expect(await rowsThatDiffer()).toEqual([]);
    },
  },
  'npx millrace query --stack millrace': {
    check({ output }) {
      const headings = output.match(/^host\.value of host-\d\d$\n^ +[▁-█ ]+ mean$/gm);
      expect(headings).toHaveLength(10);
    },
  },
  'npx millrace query --stack millrace --incidents': {
    check({ output }) {
      const { incidents } = reference();
      expect(incidents.length).toBeGreaterThan(0);
      expect(output.match(/ (warning|critical) /g)).toHaveLength(incidents.length);
    },
  },
  'npx millrace quarantine list --stack millrace': {
    check({ output }) {
      const { quarantine } = reference();
      expect(output).toContain(`${quarantine.length} entries: `);
      for (const { reason } of quarantine) expect(output).toMatch(new RegExp(` ${reason} +`));
    },
  },
  'sam deploy': {
    // "After a change of pipeline.json": what a user may change is up to him.
    answer: deploy,
    check: ({ output }) =>
      expect(output).toMatch(/Successfully created\/updated stack - millrace in /),
  },
  'sam delete': {
    async typed(command) {
      kept = await retained('millrace');
      return command;
    },
    answer: remove,
    async check({ questions }) {
      expect(questions).toHaveLength(2);
      expect(await left()).toEqual([...kept].sort());
    },
  },
  'npm run build -- --parameter-overrides Architecture=x86_64': {
    check: ({ output }) => expect(output).toContain('architecture: x86_64'),
  },
};

const BUILT_AGAIN = 'npm run build';

const OWN_STREAM = `sam deploy --parameter-overrides \\
  ExistingStreamArn=arn:aws:kinesis:eu-west-1:111122223333:stream/orders RetentionHours=24`;

const stage = (name: string, answer?: Answer): Step => ({
  ...(answer && { answer }),
  async check({ questions }) {
    expect(questions).toHaveLength(answer === undefined ? 0 : 1);
    const { outputs } = await describeStack(endpoint, `millrace-${name}`);
    expect(outputs.StreamName).not.toBe(
      (await describeStack(endpoint, 'millrace')).outputs.StreamName,
    );
  },
});

const PAGE: Readonly<Record<string, Step>> = {
  [BUILT_AGAIN]: README[BUILT_AGAIN] as Step,
  'sam deploy': README['sam deploy'] as Step,
  'sam deploy --config-env dev': stage('dev'),
  'sam deploy --config-env prod': stage('prod', deploy),
  [OWN_STREAM]: {
    async typed(command) {
      await aws.json('kinesis', 'Kinesis_20131202.CreateStream', {
        StreamName: 'orders',
        ShardCount: 1,
      });
      return command.replace(/arn:\S+/, ORDERS);
    },
    answer: deploy,
    async check() {
      const { outputs, resources } = await describeStack(endpoint, 'millrace');
      expect(outputs.StreamName).toBe(ORDERS);
      expect(resources.map(({ type }) => type)).not.toContain('AWS::Kinesis::Stream');
    },
  },
  'npx millrace env --stack millrace --out env.json': {
    check() {
      const env = JSON.parse(readFileSync(join(clone, 'env.json'), 'utf8'));
      expect(env.StreamConsumer.STREAM_NAME).toBe(ORDERS);
    },
  },
  'sam delete --config-env dev': { answer: remove, check: () => gone('millrace-dev') },
  'sam delete --config-env prod': { answer: remove, check: () => gone('millrace-prod') },
  'sam delete': { answer: remove, check: () => gone('millrace') },
};

const RUNBOOK = runbookSteps({
  outputs: async () => (await describeStack(endpoint, 'millrace')).outputs,
  type: (command, answer) => terminal.run(command, answer),
  deploy,
});

/** What the pages print and this suite does not do, and why. */
const CONTAINER = 'needs a container engine; npm run test:sam-local invokes every function';
const AWS_CLI = 'is of the AWS CLI, which nothing of the repository needs or installs';
const README_NOT_RUN: Readonly<Record<string, string>> = {
  'sam local invoke StreamConsumer -e events/kinesis/single.json --parameter-overrides Architecture=x86_64':
    CONTAINER,
};
const PAGE_NOT_RUN: Readonly<Record<string, string>> = {
  'sam local invoke StreamConsumer --event events/kinesis/single.json --env-vars env.json':
    CONTAINER,
  'npm run test:deploy': 'runs this among others',
  'npm run test:readme': 'is this',
  'npm run test:sam-local': CONTAINER,
  [`aws cloudformation list-stack-resources --stack-name millrace \\
  --query "StackResourceSummaries[?ends_with(LogicalResourceId, 'Role')].[LogicalResourceId, PhysicalResourceId]"`]:
    AWS_CLI,
  'aws kinesis delete-stream --stream-name STREAM': AWS_CLI,
  'aws dynamodb update-table --table-name TABLE --no-deletion-protection-enabled': AWS_CLI,
  'aws dynamodb delete-table --table-name TABLE': AWS_CLI,
  'aws s3 rb --force s3://BUCKET': AWS_CLI,
  'aws lambda delete-layer-version --layer-name millrace-core --version-number 1': AWS_CLI,
};

beforeAll(async () => {
  symlinkSync(resolve('.venv-sam'), join(clone, '.venv-sam'));
  const python = resolve('.venv-sam/bin/python');
  terminal = await Terminal.open({ python, folder: clone, env: userEnvironment() });
  before = await aws.inventory();
});

afterAll(() => {
  terminal?.close();
  rmSync(resolve(clone, '..'), { recursive: true, force: true });
});

describe.each([
  ['README.md', '## Deploy', README, README_NOT_RUN],
  ['docs/deploy.md', undefined, PAGE, PAGE_NOT_RUN],
  ['docs/operations.md', undefined, RUNBOOK, RUNBOOK_NOT_RUN],
] as const)('%s of HEAD', (file, heading, steps, notRun) => {
  const printed = printedCommands(readFileSync(join(clone, file), 'utf8'), heading);

  test('prints no command that is neither followed below nor listed with a reason', () => {
    const known = [...Object.keys(steps), ...Object.keys(notRun)];

    expect([...new Set(printed)].sort()).toEqual(known.sort());
  });

  test.each(printed.filter((command) => notRun[command] === undefined))('%s', async (command) => {
    await follow(command, steps[command]);
  });
});

/** Once a command failed, those behind it tell nothing. */
let broken: string | undefined;

async function follow(command: string, step: Step | undefined): Promise<void> {
  if (step === undefined) throw new Error('this suite does not know how to follow it');
  if (broken !== undefined) throw new Error(`not tried, since this failed: ${broken}`);
  broken = command;
  const typed = (await step.typed?.(command)) ?? command;
  if (command === BUILT_AGAIN) changePipeline();
  const outcome = await terminal.run(typed, step.answer);
  if (outcome.exitCode !== (step.exitCode ?? 0)) {
    throw new Error(`exit code ${outcome.exitCode}\n${outcome.output.slice(-3000)}`);
  }
  await step.check?.(outcome);
  broken = undefined;
}

let builds = 0;

/** A user changes it before he builds again; the first time it is as it was cloned. */
function changePipeline(): void {
  builds += 1;
  if (builds === 1) return;
  const path = join(clone, 'pipeline.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"allowedLateness": "1m"', `"allowedLateness": "${builds}m"`));
}

/** What `millrace replay` makes of the same records, in the clone. */
function reference(): Reference {
  made ??= replayed(join(clone, 'try.ndjson'), join(clone, 'reference'), clone);
  return made;
}
let made: Reference | undefined;

/** Rows of the reference that the stack does not give in time, and too many; all but the newest. */
async function rowsThatDiffer(): Promise<string[]> {
  const wanted = bySeries(reference().rows);
  for (const untilMs = Date.now() + ROWS_MS_MAX; ; await sleep(1000)) {
    const { output } = await terminal.run('npx millrace query --stack millrace --json');
    const found = bySeries(JSON.parse(output.slice(output.indexOf('['))));
    const differing = [...wanted].flatMap(([series, rows]) => {
      const there = found.get(series) ?? [];
      const count = Math.max(there.length, rows.length - OPEN_WINDOWS_MAX);
      const isEqual = JSON.stringify(there) === JSON.stringify(rows.slice(0, count));
      return isEqual ? [] : [`${series}: ${there.length} rows`];
    });
    if (differing.length === 0 || Date.now() > untilMs) return differing;
  }
}

/** Without times, which `--shift-time` moves by whole windows. */
function bySeries(rows: readonly Readonly<Record<string, unknown>>[]): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const { start: _start, end: _end, rev: _rev, ...row } of rows) {
    const series = String(row.series);
    found.set(series, [...(found.get(series) ?? []), row]);
  }
  return found;
}

const HOLD_DATA = /^AWS::(Kinesis::Stream|DynamoDB::Table|S3::Bucket|Lambda::LayerVersion)$/;

/** What README says stays: the stream, the three tables, the bucket, versions of the layer. */
async function retained(stack: string): Promise<string[]> {
  const { resources } = await describeStack(endpoint, stack);
  const those = resources.filter(({ type }) => HOLD_DATA.test(type));
  expect(those).toHaveLength(6);
  return those.map(({ physicalId }) => physicalId);
}

/** What there is now and was not before, but for the stack with SAM's own bucket. */
async function left(): Promise<string[]> {
  const names = (await aws.inventory()).filter((name) => !before.includes(name));
  const own = names.filter((name) => !name.includes('/aws-sam-cli-managed-default'));
  return own.map((name) => name.slice(name.indexOf('/') + 1)).sort();
}

async function gone(stack: string): Promise<void> {
  expect(await left()).not.toContain(stack);
}

/** That of a terminal nobody set up, but for where AWS is: nothing of npm's, jest's or this suite's. */
function userEnvironment(): NodeJS.ProcessEnv {
  const own = /^(npm_|NODE_ENV$|NODE_OPTIONS$|JEST_|INIT_CWD$|MILLRACE_ENDPOINT$)/;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  const isOwn = (folder: string) => folder.includes('node_modules');
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !isOwn(folder));
  return {
    ...Object.fromEntries(kept),
    PATH: [...folders, process.env.MILLRACE_AWS_CLI].join(delimiter),
    AWS_ENDPOINT_URL: endpoint,
    SAM_CLI_TELEMETRY: '0',
    npm_config_prefer_offline: 'true',
  };
}
