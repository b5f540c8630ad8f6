import type { RunningSource, SourceRuntime } from '../source/source';
import type { EngineStream } from '../stream/stream';
import type { MappingContext, StreamFlavour } from './context';
import { kinesisEvent } from './event';
import { Reader } from './reader';
import type { StreamMappingSettings } from './settings';

/** A shard is polled once a second. */
export const KINESIS_FLAVOUR: StreamFlavour = {
  pollMs: 1_000,
  batchInfo: 'KinesisBatchInfo',
  event: kinesisEvent,
};

/** A Kinesis event source mapping: one reader for each shard, children after their parents. */
export class KinesisMapping implements RunningSource {
  readonly functionId: string;
  readonly sourceId: string;
  readonly stream: EngineStream;
  private readonly settings: StreamMappingSettings;
  private readonly flavour: StreamFlavour;
  private readonly runtime: SourceRuntime;
  private readonly readers: Reader[] = [];
  private unsubscribe: (() => void) | null = null;

  constructor(
    settings: StreamMappingSettings,
    stream: EngineStream,
    runtime: SourceRuntime,
    flavour: StreamFlavour = KINESIS_FLAVOUR,
  ) {
    this.flavour = flavour;
    this.settings = settings;
    this.runtime = runtime;
    this.stream = stream;
    this.functionId = runtime.host.definition.logicalId;
    this.sourceId = settings.logicalId;
  }

  start(): void {
    if (!this.settings.enabled) return;
    const context = this.context();
    this.stream.arrive();
    const byShard = new Map<string, Reader>();
    const read = (shard: EngineStream['shards'][number]): Reader => {
      const known = byShard.get(shard.id);
      if (known !== undefined) return known;
      const reader = new Reader(shard, context, shard.parents.map(read));
      byShard.set(shard.id, reader);
      this.readers.push(reader);
      return reader;
    };
    for (const shard of this.stream.shards) read(shard);
    this.unsubscribe = this.stream.subscribe(() => this.poke());
    this.poke();
  }

  stop(): void {
    this.unsubscribe?.();
    for (const reader of this.readers) reader.stop();
  }

  get idle(): boolean {
    if (!this.settings.enabled) return true;
    return this.stream.exhausted && this.readers.every(({ caughtUp }) => caughtUp);
  }

  /**
   * What an update of the mapping does: every shard is read again from its checkpoint, so lanes that
   * were ahead of the slowest get records again, also while an old invocation is still running.
   */
  restart(options: { readonly parallelizationFactor?: number } = {}): void {
    const { functionId, sourceId, runtime, settings } = this;
    runtime.emit({
      kind: 'restart',
      atMs: runtime.scheduler.nowMs,
      function: functionId,
      source: sourceId,
    });
    const lanes = options.parallelizationFactor ?? settings.parallelizationFactor;
    for (const reader of this.readers) reader.restart(lanes);
  }

  private poke(): void {
    for (const reader of this.readers) reader.poke();
  }

  private context(): MappingContext {
    const { settings, flavour, runtime, stream, functionId, sourceId } = this;
    const startedMs = runtime.scheduler.nowMs;
    const { startingPosition } = settings;
    return {
      settings,
      flavour,
      runtime,
      stream,
      streamArn: stream.arn,
      functionId,
      sourceId,
      isBeforeStart: ({ arrivalMs }) => {
        if (startingPosition.kind === 'TRIM_HORIZON') return false;
        if (startingPosition.kind === 'LATEST') return arrivalMs <= startedMs;
        return arrivalMs < startingPosition.atMs;
      },
    };
  }
}
