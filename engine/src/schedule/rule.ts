import { ACCOUNT, localArn, REGION } from '../arn';
import { invokeAsynchronously } from '../invoke/asynchronous';
import { drawUuid } from '../random';
import type { ScheduledTask } from '../scheduler';
import type { RunningSource, SourceRuntime } from '../source/source';
import { parseSchedule, type Schedule } from './expression';
import type { ScheduleSource } from './settings';

/** Fires a function at the times of its expression, for as long as the engine runs. */
export class ScheduleRule implements RunningSource {
  readonly functionId: string;
  readonly sourceId: string;
  /** A schedule has always more to come, and nothing waits for it. */
  readonly idle = true;
  private readonly source: ScheduleSource;
  private readonly runtime: SourceRuntime;
  private readonly schedule: Schedule;
  private startMs = 0;
  private task: ScheduledTask | null = null;

  constructor(source: ScheduleSource, runtime: SourceRuntime) {
    this.source = source;
    this.runtime = runtime;
    this.schedule = parseSchedule(source.expression);
    this.functionId = runtime.host.definition.logicalId;
    this.sourceId = source.logicalId;
  }

  start(): void {
    this.startMs = this.runtime.scheduler.nowMs;
    if (this.source.enabled) this.arm();
  }

  stop(): void {
    this.task?.cancel();
  }

  private arm(): void {
    const { scheduler } = this.runtime;
    const atMs = this.schedule.next(scheduler.nowMs, this.startMs);
    if (atMs !== null) this.task = scheduler.at(atMs, () => this.fire(atMs));
  }

  private async fire(atMs: number): Promise<void> {
    const { scheduler, host, emit } = this.runtime;
    const { functionId, sourceId } = this;
    this.arm();
    emit({ kind: 'schedule', atMs, function: functionId, source: sourceId });
    const id = drawUuid(scheduler.random);
    const event = () => this.event(id, atMs);
    await invokeAsynchronously(host, { source: sourceId, batch: null, event }, scheduler);
  }

  private event(id: string, atMs: number): unknown {
    const { input, service } = this.source;
    const time = `${new Date(atMs).toISOString().slice(0, 19)}Z`;
    const name = `${this.functionId}${this.sourceId}`;
    const arn =
      service === 'rule'
        ? localArn('events', `rule/${name}`)
        : localArn('scheduler', `schedule/default/${name}`);
    if (input !== null) {
      // Placeholders of EventBridge Scheduler; a rule's input has none.
      const filled = input
        .replaceAll('<aws.scheduler.scheduled-time>', service === 'rule' ? '$&' : time)
        .replaceAll('<aws.scheduler.schedule-arn>', service === 'rule' ? '$&' : arn);
      return JSON.parse(filled);
    }
    return {
      version: '0',
      id,
      'detail-type': 'Scheduled Event',
      source: service === 'rule' ? 'aws.events' : 'aws.scheduler',
      account: ACCOUNT,
      time,
      region: REGION,
      resources: [arn],
      // The scheduler sends its empty detail as text.
      detail: service === 'rule' ? {} : '{}',
    };
  }
}
