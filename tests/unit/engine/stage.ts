import {
  createEngine,
  createScheduler,
  createStream,
  type EngineEvent,
  type EngineOptions,
  type FailureRecord,
  type Handler,
  type LambdaContext,
  type LoadedRecord,
  readTemplate,
  type ShardDefinition,
} from '@millrace/engine';

export const START_MS = Date.UTC(2026, 10, 21, 12);

export interface KinesisEvent {
  readonly Records: readonly {
    readonly kinesis: { readonly sequenceNumber: string; readonly partitionKey: string };
    readonly eventID: string;
  }[];
}

/** What one invocation saw. */
export interface Seen {
  readonly atMs: number;
  readonly sequences: string[];
  readonly keys: string[];
  readonly shard: string;
}

export type Answer = (seen: Seen, context: LambdaContext) => unknown;

export interface StageOptions {
  readonly seed?: number;
  readonly shards?: readonly ShardDefinition[];
  readonly records?: readonly LoadedRecord[];
  /** Properties of the Kinesis event, over StartingPosition TRIM_HORIZON and BatchSize 10. */
  readonly mapping?: Readonly<Record<string, unknown>>;
  /** Properties of the function. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly answer?: Answer;
  readonly invokeLatencyMs?: EngineOptions['invokeLatencyMs'];
}

/** One stream, one mapping, one function `Consume` that notes what it is given. */
export function stage(options: StageOptions) {
  const scheduler = createScheduler({ seed: options.seed ?? 1, startMs: START_MS });
  const stream = createStream({
    name: 'Events',
    scheduler,
    shards: options.shards ?? [shard('shard-0')],
  });
  stream.load(options.records ?? []);
  const seen: Seen[] = [];
  const delivered: unknown[] = [];
  const events: EngineEvent[] = [];
  const failures: FailureRecord[] = [];
  const handler: Handler = async (event, context) => {
    delivered.push(event);
    const { Records } = event as KinesisEvent;
    const note: Seen = {
      atMs: scheduler.nowMs - START_MS,
      sequences: Records.map(({ kinesis }) => kinesis.sequenceNumber),
      keys: Records.map(({ kinesis }) => kinesis.partitionKey),
      shard: Records[0]!.eventID.split(':')[0]!,
    };
    seen.push(note);
    return options.answer?.(note, context);
  };
  const engine = createEngine({
    application: readTemplate(templateOf(options)),
    handlers: { Consume: handler },
    scheduler,
    streams: { Events: stream },
    observe: (event) => events.push(event),
    onFailure: (record) => {
      failures.push(record);
    },
    invokeLatencyMs: options.invokeLatencyMs ?? [1, 1],
  });
  return { scheduler, stream, engine, seen, delivered, events, failures };
}

export type Stage = ReturnType<typeof stage>;

/** Runs until every record is processed, or virtual time has gone on for so long. */
export async function play(options: StageOptions, forMs = 86_400_000): Promise<Stage> {
  const staged = stage(options);
  staged.engine.start();
  await runFor(staged, forMs);
  return staged;
}

export async function runFor({ scheduler, engine }: Stage, forMs: number): Promise<void> {
  const endMs = scheduler.nowMs + forMs;
  scheduler.at(endMs, () => {});
  await scheduler.run({ done: () => engine.idle || scheduler.nowMs >= endMs });
}

export function shard(id: string, lineage: Partial<ShardDefinition> = {}): ShardDefinition {
  return { id, parent: null, adjacent: null, hash: null, ...lineage };
}

/** Records `1`, `2`, … of one shard, one every `everyMs`, keys dealt round. */
export function records(
  count: number,
  options: {
    readonly shard?: string;
    readonly keys?: readonly string[];
    readonly fromMs?: number;
    readonly everyMs?: number;
    readonly bytes?: number;
    readonly from?: number;
  } = {},
): LoadedRecord[] {
  const { keys = ['key'], fromMs = 0, everyMs = 0, from = 1 } = options;
  const data = Buffer.alloc(options.bytes ?? 2, 'x').toString('base64');
  return Array.from({ length: count }, (_, index) => ({
    shard: options.shard ?? 'shard-0',
    sequence: String(from + index),
    partitionKey: keys[index % keys.length]!,
    arrivalMs: START_MS + fromMs + index * everyMs,
    data,
  }));
}

export function failFrom(sequence: string | undefined) {
  return { batchItemFailures: sequence === undefined ? [] : [{ itemIdentifier: sequence }] };
}

function templateOf({ mapping = {}, settings = {} }: StageOptions): string {
  // JSON is YAML.
  return JSON.stringify({
    Resources: {
      Events: { Type: 'AWS::Kinesis::Stream' },
      Failed: { Type: 'AWS::SQS::Queue' },
      Kept: { Type: 'AWS::S3::Bucket' },
      Consume: {
        Type: 'AWS::Serverless::Function',
        Properties: {
          Handler: 'handler.handler',
          CodeUri: 'functions/consume',
          Timeout: 60,
          ...settings,
          Events: {
            Stream: {
              Type: 'Kinesis',
              Properties: {
                Stream: { 'Fn::GetAtt': ['Events', 'Arn'] },
                StartingPosition: 'TRIM_HORIZON',
                BatchSize: 10,
                ...mapping,
              },
            },
          },
        },
      },
    },
  });
}
