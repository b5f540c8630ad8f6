import type { BatchOrigin, EngineEvent, EngineStats } from '../observe';
import { drawUuid } from '../random';
import type { Scheduler } from '../scheduler';
import type { FunctionDefinition } from '../template/application';
import { createContext, type Handler } from './context';

export interface Invocation {
  /** Logical id of the event source, for the log. */
  readonly source: string;
  readonly batch: BatchOrigin | null;
  /** Makes the event anew for each invocation: a handler may change what it is given. */
  readonly event: () => unknown;
}

export type Outcome =
  | { readonly status: 'success'; readonly requestId: string; readonly value: unknown }
  | { readonly status: 'error' | 'timeout'; readonly requestId: string }
  | { readonly status: 'throttled' };

export interface HostOptions {
  readonly definition: FunctionDefinition;
  readonly handler: Handler;
  readonly scheduler: Scheduler;
  readonly stats: EngineStats;
  readonly emit: (event: EngineEvent) => void;
  /** Whole milliseconds from the decision to invoke to the first line of the handler. */
  readonly latencyMs: readonly [min: number, max: number];
}

type Settled = Pick<Outcome, 'status'> & { value?: unknown; error?: unknown };

/** One function: its concurrency, its time limit, its invocations. */
export class FunctionHost {
  readonly definition: FunctionDefinition;
  private readonly options: HostOptions;
  private runningCount = 0;

  constructor(options: HostOptions) {
    this.options = options;
    this.definition = options.definition;
    const { logicalId } = options.definition;
    options.stats.invocations[logicalId] = 0;
    options.stats.failures[logicalId] = 0;
    options.stats.throttles[logicalId] = 0;
  }

  /** Invocations under way; one that timed out is over, though its promise may go on as a zombie. */
  get running(): number {
    return this.runningCount;
  }

  async invoke(invocation: Invocation): Promise<Outcome> {
    const { stats, emit, scheduler, latencyMs } = this.options;
    const { logicalId, reservedConcurrency } = this.definition;
    if (reservedConcurrency !== null && this.runningCount >= reservedConcurrency) {
      stats.throttles[logicalId]! += 1;
      const { source } = invocation;
      emit({ kind: 'throttle', atMs: scheduler.nowMs, function: logicalId, source });
      return { status: 'throttled' };
    }
    this.runningCount += 1;
    stats.invocations[logicalId]! += 1;
    const requestId = drawUuid(scheduler.random);
    await scheduler.clock.sleep(
      latencyMs[0] + scheduler.random.int(latencyMs[1] - latencyMs[0] + 1),
    );
    return this.execute(invocation, requestId);
  }

  private async execute(invocation: Invocation, requestId: string): Promise<Outcome> {
    const { stats, emit, scheduler } = this.options;
    const { logicalId } = this.definition;
    const { source, batch } = invocation;
    const startMs = scheduler.nowMs;
    const named = { function: logicalId, requestId, source };
    emit({ kind: 'invoke-start', atMs: startMs, ...named, batch });
    const settled = await this.race(invocation, requestId);
    this.runningCount -= 1;
    const outcome = settled.status as 'success' | 'error' | 'timeout';
    if (outcome !== 'success') stats.failures[logicalId]! += 1;
    emit({
      kind: 'invoke-end',
      atMs: scheduler.nowMs,
      ...named,
      startMs,
      batchSize: batch?.batchSize ?? 1,
      outcome,
      error: outcome === 'error' ? describe(settled.error) : null,
    });
    if (outcome !== 'success') return { status: outcome, requestId };
    return { status: 'success', requestId, value: settled.value };
  }

  private race(invocation: Invocation, requestId: string): Promise<Settled> {
    const { scheduler, handler } = this.options;
    const { logicalId, memoryMb, timeoutMs } = this.definition;
    const deadlineMs = scheduler.nowMs + timeoutMs;
    const context = createContext({
      functionName: logicalId,
      memoryMb,
      requestId,
      deadlineMs,
      nowMs: () => scheduler.nowMs,
    });
    return new Promise((resolve) => {
      const timer = scheduler.at(deadlineMs, () => resolve({ status: 'timeout' }));
      const finish = (settled: Settled) => {
        timer.cancel();
        resolve(settled);
      };
      // The wrapper also turns a synchronous throw into a rejection.
      (async () => handler(invocation.event(), context))().then(
        (value) => finish({ status: 'success', value }),
        (error: unknown) => finish({ status: 'error', error }),
      );
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
