import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from './step';
import type { Answer, Outcome } from './terminal';

export interface RunbookWorld {
  /** Outputs of the stack that the page calls `millrace`. */
  outputs(): Promise<Readonly<Record<string, string>>>;
  /** Types a command that is not in the page. */
  type(command: string, answer?: Answer): Promise<Outcome>;
  readonly deploy: Answer;
}

const CONSUMED_MS_MAX = 60_000;
const LOGS = 'sam logs --stack-name millrace --name';
const HOUR = "--start-time '1 hour ago'";

/**
 * docs/operations.md as its reader follows it: with a stack that has had records, some of which were
 * refused, so that every command has something to show.
 */
export function runbookSteps(world: RunbookWorld): Readonly<Record<string, Step>> {
  const output = (name: string, word: string) => async (command: string) =>
    command.replace(word, (await world.outputs())[name] as string);
  // For SQS in some regions this version of the AWS CLI looks past AWS_ENDPOINT_URL.
  const queue = (name: string) => async (command: string) =>
    `${await output(`${name}DeadLettersUrl`, 'QUEUE')(command)} --endpoint-url "$AWS_ENDPOINT_URL"`;
  const redeploy: Step = {
    answer: world.deploy,
    check: ({ output: text }) =>
      expect(text).toMatch(/Successfully created\/updated stack - millrace in /),
  };
  const says = (pattern: RegExp): Step => ({
    check: ({ output: text }) => expect(text).toMatch(pattern),
  });
  let purged = 0;
  return {
    [SUBSCRIBE]: {
      typed: async () => {
        await makeStack(world);
        const { AlertTopicArn } = await world.outputs();
        return SUBSCRIBE.replace('"$ALERT_TOPIC"', AlertTopicArn as string).replace(
          '"$QUEUE_ARN"',
          'arn:aws:sqs:us-east-1:000000000000:on-call',
        );
      },
      ...says(/SubscriptionArn/),
    },
    'sam deploy --parameter-overrides AlarmTopicArn=TOPIC': {
      typed: (command) =>
        command.replace('TOPIC', 'arn:aws:sns:us-east-1:000000000000:on-call-alarms'),
      ...redeploy,
    },
    [`${LOGS} StreamConsumer ${HOUR} --filter stopped`]: {},
    [`${LOGS} StreamConsumer ${HOUR} --filter '"goes back"'`]: {},
    'sam deploy --parameter-overrides RetentionHours=168': redeploy,
    'npx millrace quarantine list --stack millrace --since 2h': says(/ late /),
    'npx millrace quarantine list --stack millrace --reason json --limit 5': says(/ json /),
    'npx millrace quarantine show --stack millrace ID': {
      typed: async (command) => {
        const list = await world.type('npx millrace quarantine list --stack millrace --limit 1');
        const [id] = /\S+\/shardId-\S+/.exec(list.output) ?? [];
        return command.replace('ID', String(id));
      },
      ...says(/shardId-/),
    },
    'npx millrace redrive --stack millrace --since 2d --dry-run': says(/would/),
    'npx millrace redrive --stack millrace --since 2d': {},
    'npx millrace query --stack millrace --limit 20': says(/host\.value of host-\d\d/),
    [`${LOGS} StreamConsumer ${HOUR} --filter '?ERROR ?"timed out" ?exited'`]: {},
    [`${LOGS} StreamSweeper ${HOUR} --filter '?ERROR ?"timed out" ?exited'`]: {},
    'aws lambda get-account-settings --query AccountLimit': says(/ConcurrentExecutions/),
    'sam deploy --parameter-overrides ReservedConcurrency=20': redeploy,
    [`${LOGS} AlertDispatcher ${HOUR} --filter '"Alerts wait"'`]: {},
    'npx millrace query --stack millrace --incidents --from 48h': says(/critical|warning/),
    'aws sqs receive-message --queue-url QUEUE --max-number-of-messages 10': {
      typed: queue('AlertDispatcher'),
    },
    'aws sqs purge-queue --queue-url QUEUE': {
      typed: (command) => queue(DEAD_LETTERS[purged++] as string)(command),
    },
    [FORGET_BREAKER]: { typed: output('ControlTableName', 'CONTROL') },
    [`${LOGS} StreamSweeper ${HOUR}`]: {},
    'npx millrace cost --rate 500 --series 200 --window 1m --batch-window 5':
      says(/million events/),
  };
}

const FORGET_BREAKER =
  'aws dynamodb delete-item --table-name CONTROL ' + `--key '{"pk":{"S":"CB#sns"},"sk":{"S":"-"}}'`;

/** Whose queues the page empties, in its order. */
const DEAD_LETTERS = ['AlertDispatcher', 'StreamSweeper'];

const SUBSCRIBE = `aws sns subscribe --topic-arn "$ALERT_TOPIC" --protocol sqs --notification-endpoint "$QUEUE_ARN" \\
  --attributes '{"FilterPolicy":"{\\"severity\\":[\\"critical\\"],\\"metric\\":[\\"host.cpu\\"]}"}'`;

const NO_SPOILT_STATE =
  'the stack of the test has no spoilt state; cli/redrive.test.ts runs both on a local store';
const TIMESTREAM = 'is of a stack with EnableTimestream, which the emulator does not have';
export const RUNBOOK_NOT_RUN: Readonly<Record<string, string>> = {
  'npx millrace quarantine list --stack millrace --reason state --limit 5': NO_SPOILT_STATE,
  'npx millrace redrive --stack millrace --reason state --dry-run': NO_SPOILT_STATE,
  'npx millrace redrive --stack millrace --reason state': NO_SPOILT_STATE,
  [`${LOGS} ResultProjector ${HOUR} --filter '"Rows wait"'`]: TIMESTREAM,
  'npx millrace reproject --stack millrace --from 48h --dry-run': TIMESTREAM,
};

/** A stack with made-up records, some late, some poison; returns when the consumer has taken them. */
async function makeStack({ type, outputs, deploy }: RunbookWorld): Promise<void> {
  await type('sam deploy', deploy);
  const { StreamName } = await outputs();
  await type('npx millrace produce --out try.ndjson --duration 30m --rate 12/m');
  await type(`npx millrace replay try.ndjson --to ${StreamName} --speed max --shift-time`);
  for (const untilMs = Date.now() + CONSUMED_MS_MAX; Date.now() < untilMs; await sleep(1000)) {
    const { output } = await type('npx millrace query --stack millrace --incidents');
    if (/critical|warning/.test(output)) return;
  }
  throw new Error(`no incident after ${CONSUMED_MS_MAX} ms`);
}
