import { TableStreamMapping } from './dynamodb/mapping';
import type { EngineTableStream } from './dynamodb/table-stream';
import { EngineError } from './error';
import type { Handler } from './invoke/context';
import { FunctionHost } from './invoke/function-host';
import { KinesisMapping } from './kinesis/mapping';
import { type EngineEvent, type EngineStats, emptyStats } from './observe';
import type { Quiet } from './schedule/quiet';
import type { Scheduler } from './scheduler';
import type { FailureRecord, RunningSource } from './source/source';
import { createSource } from './source/table';
import type { EngineStream } from './stream/stream';
import type { Application } from './template/application';

export interface EngineOptions {
  readonly application: Application;
  /** By logical id. A function without one is not run; its sources are listed in `notRun`. */
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly scheduler: Scheduler;
  /** By logical id; every stream that a function with a handler reads. */
  readonly streams: Readonly<Record<string, EngineStream>>;
  /** By logical id of the table; every table whose stream a function with a handler reads. */
  readonly tables?: Readonly<Record<string, EngineTableStream>>;
  readonly observe?: (event: EngineEvent) => void;
  /** Gets what a mapping gives up, with or without an on-failure destination. */
  readonly onFailure?: (record: FailureRecord) => void | Promise<void>;
  /** By logical id: when a function's schedules need not invoke it. Default: they always do. */
  readonly quiet?: Readonly<Record<string, Quiet>>;
  /** Whole milliseconds before a handler starts, drawn from the seed. Default 1 to 20. */
  readonly invokeLatencyMs?: readonly [min: number, max: number];
}

export interface Engine {
  /** Starts the pollers and schedules; they act when the scheduler runs. */
  start(): void;
  /** Fires nothing more. Invocations under way are left to themselves. */
  stop(): void;
  /** Every record there is and is to come is processed, and no invocation is running. */
  readonly idle: boolean;
  readonly stats: EngineStats;
  /** Of Kinesis streams; those of tables are not among them. */
  readonly mappings: readonly KinesisMapping[];
  /** Sources of functions that were given no handler, as `function.source`. */
  readonly notRun: readonly string[];
}

const INVOKE_LATENCY_MS: readonly [number, number] = [1, 20];

/**
 * Gives every function its event sources, as the template wires them.
 *
 * @throws EngineError for a handler without function, or a stream that is missing
 */
export function createEngine(options: EngineOptions): Engine {
  const { application, handlers, scheduler } = options;
  const stats = emptyStats();
  const hosts: FunctionHost[] = [];
  const sources: RunningSource[] = [];
  const notRun: string[] = [];
  const emit = options.observe ?? (() => {});
  for (const functionId of Object.keys(handlers)) {
    if (!application.functions.has(functionId)) {
      throw new EngineError(`there is a handler for ${functionId}, but no such function`);
    }
  }
  for (const definition of application.functions.values()) {
    const { logicalId } = definition;
    const handler = handlers[logicalId];
    if (handler === undefined) {
      notRun.push(...definition.sources.map((source) => `${logicalId}.${source.logicalId}`));
      continue;
    }
    const latencyMs = options.invokeLatencyMs ?? INVOKE_LATENCY_MS;
    const host = new FunctionHost({ definition, handler, scheduler, stats, emit, latencyMs });
    hosts.push(host);
    const { streams, tables = {}, onFailure = () => {} } = options;
    const quiet = options.quiet?.[logicalId];
    const runtime = { host, scheduler, stats, emit, streams, tables, onFailure, quiet };
    for (const source of definition.sources) sources.push(createSource(source, runtime));
  }
  return {
    stats,
    notRun,
    mappings: sources.filter(
      (source): source is KinesisMapping =>
        source instanceof KinesisMapping && !(source instanceof TableStreamMapping),
    ),
    start: () => {
      for (const source of sources) source.start();
    },
    stop: () => {
      for (const source of sources) source.stop();
    },
    get idle() {
      return hosts.every(({ running }) => running === 0) && sources.every(({ idle }) => idle);
    },
  };
}
