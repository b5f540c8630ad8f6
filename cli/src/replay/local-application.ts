import {
  createKeyValueStore,
  type EmbeddedStore,
  type ItemChange,
} from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import type { OrderedMap } from '@millrace/adapters/embedded/ordered-map';
import type { IndexDefinition } from '@millrace/adapters/embedded/table-keys';
import { createTopic } from '@millrace/adapters/embedded/topic';
import { createTimeLimit } from '@millrace/adapters/time-limit';
import type { TopicMessage } from '@millrace/adapters/topic';
import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import type { KeyValueStore, Log, ObjectStore } from '@millrace/core/port';
import type { TimeLimit } from '@millrace/core/record/time-limit';
import {
  type Application,
  createEngine,
  createStream,
  createTableStream,
  type Engine,
  type EngineEvent,
  type EngineStream,
  type Handler,
  type Scheduler,
  type ShardDefinition,
  scheduleEffects,
} from '@millrace/engine';
import type { DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda';
import { createAlertDispatcher } from '../../../functions/alert-dispatcher/alert-dispatcher';
import { alertSettings } from '../../../functions/alert-dispatcher/alert-settings';
import { createStreamConsumer } from '../../../functions/stream-consumer/stream-consumer';
import { createStreamSweeper } from '../../../functions/stream-sweeper/stream-sweeper';
import { UsageError } from '../exit';
import type { LocalData, StoreNote } from '../local-store';
import { watchDue } from './application/due-watch';
import type { Disturbance } from './faults';

/** The handlers of template.yaml over embedded stores, ready to run. */
export interface LocalApplication {
  readonly engine: Engine;
  readonly stream: EngineStream;
  /** The stores as they are, without the latency the handlers see. */
  readonly stores: LocalStores;
  /** What was published to the topic of alerts, repetitions included. */
  readonly alerts: readonly TopicMessage[];
  /** Until when a sweep would find no series to close; -Infinity = that is not known. */
  quietUntilMs(): number;
  /** What the handlers' own calls come to; reading `stores` does not count. */
  usage(): StoreUsage;
}

/** Units that DynamoDB would bill, over all tables. */
export interface StoreUsage {
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Objects that were put into the bucket; a put that found its key taken is billed as well. */
  readonly objectPuts: number;
}

export interface LocalStores {
  readonly state: KeyValueStore;
  readonly results: KeyValueStore;
  readonly control: KeyValueStore;
  readonly quarantine: ObjectStore;
}

export interface LocalApplicationOptions {
  readonly application: Application;
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  /** Ends transforms that do not return; absent = as deployed. */
  readonly timeLimit?: TimeLimit;
  readonly shards: readonly ShardDefinition[];
  /** As records and ids of the quarantine name it; absent = as the template does. */
  readonly streamName?: string;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly observe?: (event: EngineEvent) => void;
  readonly disturbance?: Disturbance;
  /** Where the tables and the bucket are kept; in memory unless told. */
  readonly data?: LocalData;
}

/** What a call of DynamoDB, S3 or Kinesis takes within a region, roughly; drawn from the seed. */
const LATENCY_MS = [1, 8] as const;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Reads names and settings from the template's environment, as the deployed functions do. */
export function createLocalApplication(options: LocalApplicationOptions): LocalApplication {
  const { pipeline, transforms, scheduler, log, disturbance } = options;
  const application = disturbance?.application(options.application) ?? options.application;
  const setting = settingsOf(application, 'StreamConsumer');
  const stream = createStream({
    name: options.streamName ?? setting('STREAM_NAME'),
    scheduler,
    shards: options.shards,
    childrenEarly: disturbance?.childrenEarly ?? false,
  });
  const data = options.data ?? { map: createMemoryMap(), objects: createObjectMemory() };
  const stores = createStores(application, setting, data);
  const keys = { partitionKey: 'pk', sortKey: 'sk' };
  const changes = createTableStream({ table: setting('RESULTS_TABLE'), scheduler, keys });
  // Without an alert in the pipeline nobody looks at the stream.
  const isAlerting = pipeline.metrics.some(({ alert }) => alert !== null);
  const onChange = isAlerting ? changes.append.bind(changes) : undefined;
  const metered = createStores(application, setting, data, onChange);
  const objects = countPuts(metered.quarantine);
  const delayed = <Port extends object>(name: string, port: Port) =>
    disturbance?.port(name, port, LATENCY_MS) ??
    scheduleEffects(port, scheduler, { name, latencyMs: LATENCY_MS });
  const disturbed = (functionId: string, handler: Handler) =>
    disturbance?.handler(functionId, handler) ?? handler;
  const due = watchDue(metered.state);
  // Faults strike sweeps too, and set their clocks wrong.
  const isKnown = () => disturbance?.quiet ?? true;
  const quietUntilMs = () => (isKnown() ? due.quiet.untilMs() : Number.NEGATIVE_INFINITY);
  const state = delayed('state', due.store);
  const streamConsumer = createStreamConsumer({
    pipeline,
    transforms,
    state,
    results: delayed('results', metered.results),
    control: delayed('control', metered.control),
    quarantine: delayed('quarantine', objects.store),
    log,
    stateTtlMs: Number(setting('STATE_TTL_DAYS')) * DAY_MS,
    retentionMs: Number(setting('STREAM_RETENTION_HOURS')) * HOUR_MS,
    quarantineRetentionMs: Number(setting('QUARANTINE_RETENTION_DAYS')) * DAY_MS,
    timeLimit: options.timeLimit ?? createTimeLimit(),
  });
  const streamSweeper = createStreamSweeper({
    // Looking takes no time; whatever a sweep does about what it finds takes its time.
    state: { ...state, query: due.query },
    stream: delayed('stream', stream.writer),
    clock: disturbance?.clock(scheduler.clock) ?? scheduler.clock,
    log,
  });
  const topic = createTopic();
  const alerts: TopicMessage[] = [];
  topic.subscribe((message) => alerts.push(message));
  const alertDispatcher = createAlertDispatcher({
    alerts: alertSettings(pipeline),
    control: delayed('control', metered.control),
    topic: delayed('topic', topic),
    clock: scheduler.clock,
    log,
  });
  const engine = createEngine({
    application,
    scheduler,
    // By the name that event sources of the template refer to.
    streams: { [setting('STREAM_NAME')]: stream },
    tables: { [changes.table]: changes },
    onFailure: async ({ key, document }) => {
      const bytes = new TextEncoder().encode(JSON.stringify(document));
      if (key !== null) await scheduler.hold(() => data.objects.create(key, bytes));
    },
    quiet: { StreamSweeper: { ...due.quiet, untilMs: quietUntilMs } },
    observe: (event) => {
      options.observe?.(event);
      // What faults do to invocations is counted, not listed.
      if (disturbance !== undefined) return;
      if (event.kind !== 'invoke-end' || event.outcome === 'success') return;
      log.error('An invocation failed.', { function: event.function, error: event.error });
    },
    handlers: {
      StreamConsumer: disturbed('StreamConsumer', (event, context) =>
        streamConsumer(event as KinesisStreamEvent, context),
      ),
      StreamSweeper: disturbed('StreamSweeper', streamSweeper),
      AlertDispatcher: disturbed('AlertDispatcher', (event, context) =>
        alertDispatcher(event as DynamoDBStreamEvent, context),
      ),
    },
  });
  const meters = [metered.state, metered.results, metered.control].map(({ meter }) => meter);
  const usage = () => ({
    writeUnits: meters.reduce((sum, { writeUnits }) => sum + writeUnits, 0),
    readUnits: meters.reduce((sum, { readUnits }) => sum + readUnits, 0),
    objectPuts: objects.puts(),
  });
  return { engine, stream, stores, usage, alerts, quietUntilMs };
}

type Settings = (name: string) => string;

function settingsOf(application: Application, logicalId: string): Settings {
  const environment = application.functions.get(logicalId)?.environment;
  if (environment === undefined) {
    throw new UsageError(`template.yaml: expected a function ${logicalId}, got none`);
  }
  return (name) => {
    const value = environment[name];
    if (value !== undefined) return value;
    const where = `template.yaml: ${logicalId}.Environment.Variables.${name}`;
    throw new UsageError(`${where}: expected a value, got nothing`);
  };
}

interface MeteredStores extends LocalStores {
  readonly state: EmbeddedStore;
  readonly results: EmbeddedStore;
  readonly control: EmbeddedStore;
}

function countPuts(store: ObjectStore): { readonly store: ObjectStore; puts(): number } {
  let puts = 0;
  const create: ObjectStore['create'] = (...put) => {
    puts++;
    return store.create(...put);
  };
  return {
    store: {
      create,
      get: (key) => store.get(key),
      list: (options) => store.list(options),
      delete: (key) => store.delete(key),
    },
    puts: () => puts,
  };
}

/** Handles on shared data, each with meters of its own. */
function createStores(
  application: Application,
  setting: Settings,
  { map, objects }: { readonly map: OrderedMap; readonly objects: ObjectStore },
  onResult?: (change: ItemChange) => void,
): MeteredStores {
  const table = (variable: string) => {
    const name = setting(variable);
    const indexes = indexesOf(application, name);
    const onChange = variable === 'RESULTS_TABLE' ? onResult : undefined;
    return createKeyValueStore({ map, table: name, indexes, ...(onChange && { onChange }) });
  };
  return {
    state: table('STATE_TABLE'),
    results: table('RESULTS_TABLE'),
    control: table('CONTROL_TABLE'),
    quarantine: objects,
  };
}

/** Indexes as the embedded store wants them; one without a sort key is of no use to the handlers. */
function indexesOf(application: Application, table: string): Record<string, IndexDefinition> {
  const indexes: Record<string, IndexDefinition> = {};
  const defined = application.tables.get(table)?.indexes ?? {};
  for (const [name, { partitionKey, sortKey }] of Object.entries(defined)) {
    if (sortKey !== null) indexes[name] = { partitionKey, sortKey };
  }
  return indexes;
}

/** Names of the tables within the data of a run. */
export function tableNames(application: Application): StoreNote['tables'] {
  const setting = settingsOf(application, 'StreamConsumer');
  return {
    state: setting('STATE_TABLE'),
    results: setting('RESULTS_TABLE'),
    control: setting('CONTROL_TABLE'),
  };
}
