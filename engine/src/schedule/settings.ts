export interface ScheduleSource {
  readonly kind: 'schedule';
  /** Name of the event within the function. */
  readonly logicalId: string;
  /** `rule`: an EventBridge rule (Schedule); `scheduler`: EventBridge Scheduler (ScheduleV2). */
  readonly service: 'rule' | 'scheduler';
  /** `rate(…)`, `cron(…)`, and `at(…)` for the scheduler; in UTC. */
  readonly expression: string;
  readonly enabled: boolean;
  /** JSON text that replaces the event, if any. */
  readonly input: string | null;
}
