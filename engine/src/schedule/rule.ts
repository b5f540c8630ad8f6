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
  private task: { readonly atMs: number; readonly scheduled: ScheduledTask } | null = null;
  private running = false;

  constructor(source: ScheduleSource, runtime: SourceRuntime) {
    this.source = source;
    this.runtime = runtime;
    this.schedule = parseSchedule(source.expression);
    this.functionId = runtime.host.definition.logicalId;
    this.sourceId = source.logicalId;
  }

  start(): void {
    this.startMs = this.runtime.scheduler.nowMs;
    if (!this.source.enabled) return;
    this.running = true;
    this.runtime.quiet?.watch(() => this.arm());
    this.arm();
  }

  stop(): void {
    this.running = false;
    this.task?.scheduled.cancel();
  }

  /** Sees to it that the next time at which there may be something to do is on the scheduler. */
  private arm(): void {
    if (!this.running) return;
    const { scheduler } = this.runtime;
    const atMs = this.nextMs();
    if (atMs === null) return;
    if (this.task !== null && this.task.atMs <= atMs) return;
    this.task?.scheduled.cancel();
    this.task = { atMs, scheduled: scheduler.at(atMs, () => this.fire(atMs)) };
  }

  private nextMs(): number | null {
    const { scheduler, quiet } = this.runtime;
    const quietMs = quiet?.untilMs() ?? Number.NEGATIVE_INFINITY;
    if (quietMs === Number.POSITIVE_INFINITY) return null;
    // The time itself is none that may be left out.
    return this.schedule.next(Math.max(scheduler.nowMs, quietMs - 1), this.startMs);
  }

  private async fire(atMs: number): Promise<void> {
    const { scheduler, host, emit } = this.runtime;
    const { functionId, sourceId } = this;
    this.task = null;
    this.arm();
    // Since it was put there it has turned out that there is nothing to do yet.
    if ((this.runtime.quiet?.untilMs() ?? atMs) > atMs) return;
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
