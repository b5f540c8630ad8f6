/** The alert path on this machine: Results table, its stream, the dispatcher of template.yaml, a topic. */
import { readFileSync } from 'node:fs';
import { createBreaker } from '@millrace/adapters/breaker/breaker';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createTopic } from '@millrace/adapters/embedded/topic';
import type { TopicMessage } from '@millrace/adapters/topic';
import { incidentId, incidentKey, type SeriesKey } from '@millrace/core/fold/key';
import type { IncidentOutput } from '@millrace/core/fold/state';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { Item } from '@millrace/core/port';
import { createEngine, createScheduler, createTableStream, readTemplate } from '@millrace/engine';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { createAlertDispatcher } from '../../functions/alert-dispatcher/alert-dispatcher';
import { alertSettings } from '../../functions/alert-dispatcher/alert-settings';
import { createFaults, type FaultRates, NO_FAULTS } from './faults';
import { createChoices } from './random';

export const START_MS = Date.UTC(2026, 10, 21, 12);
export const MINUTE_MS = 60_000;

const TEMPLATE = readFileSync('template.yaml', 'utf8');

export interface AlertStageOptions {
  readonly seed?: number;
  readonly rates?: FaultRates;
  readonly alert?: { readonly minSeverity?: string; readonly cooldown?: string } | null;
  /** Faults end here: what was put until then must get through in the end. */
  readonly faultsUntilMs?: number;
}

export function createAlertStage(options: AlertStageOptions = {}) {
  const seed = options.seed ?? 1;
  const faultsUntilMs = options.faultsUntilMs ?? START_MS;
  const scheduler = createScheduler({ seed, startMs: START_MS });
  const choices = createChoices(seed ^ 0xa1e7);
  const rates = options.rates ?? NO_FAULTS;
  const faults = createFaults({
    ...{ scheduler, choices, rates },
    startMs: START_MS,
    endMs: faultsUntilMs,
  });
  const application = readTemplate(TEMPLATE);
  const stream = createTableStream({
    table: 'ResultsTable',
    scheduler,
    keys: { partitionKey: 'pk', sortKey: 'sk' },
  });
  const map = createMemoryMap();
  const onChange = stream.append.bind(stream);
  const results = createKeyValueStore({ map, table: 'results', onChange });
  const control = createKeyValueStore({ map, table: 'control' });
  const topic = createTopic();
  const messages: TopicMessage[] = [];
  topic.subscribe((message) => messages.push(message));
  const problems: string[] = [];
  const events: DynamoDBStreamEvent[] = [];
  const faulty = faults.wrap(control, 'control');
  const dispatcher = createAlertDispatcher({
    alerts: alertSettings(pipelineOf(options.alert)),
    control: faulty,
    breaker: createBreaker({
      ...{ sink: 'sns', control: faulty, clock: scheduler.clock, owner: 'one' },
      random: () => choices.int(100) / 100,
    }),
    topic: faults.wrap(topic, 'topic'),
    clock: scheduler.clock,
    log: {
      info: () => {},
      warn: () => {},
      error: (text, fields) => {
        // What a dead process would say, nobody hears.
        const line = `${text} ${JSON.stringify(fields)}`;
        if (!line.includes('the process is dead')) problems.push(line);
      },
    },
  });
  const engine = createEngine({
    application,
    scheduler,
    streams: {},
    tables: { ResultsTable: stream },
    handlers: {
      AlertDispatcher: (event, context) => {
        const calm = scheduler.nowMs > faultsUntilMs;
        events.push(event as DynamoDBStreamEvent);
        return faults.run({ name: 'AlertDispatcher', calm }, async (invocation) => {
          const answer = dispatcher(event as DynamoDBStreamEvent, context);
          answer.catch(() => undefined);
          const value: DynamoDBBatchResponse = await Promise.race([answer, invocation.death]);
          if (faults.diesAtEnd(invocation)) throw new Error('died before it answered');
          return value;
        });
      },
    },
  });

  return {
    ...{ scheduler, engine, results, control, messages, problems, events, faults, topic },
    /** Runs until every change is processed and nothing is under way. */
    async run(): Promise<void> {
      engine.start();
      await scheduler.run({
        done: () => engine.idle && scheduler.nowMs > Math.max(faultsUntilMs, faults.quietFromMs),
      });
      engine.stop();
    },
  };
}

function pipelineOf(alert: AlertStageOptions['alert']) {
  const metric = {
    window: { type: 'tumbling', size: '1m' },
    aggregates: ['count'],
    detect: { detector: 'default', on: 'count' },
  };
  const settings = { minSeverity: 'warning', cooldown: '15m', ...alert };
  const { pipeline } = parsePipeline({
    version: 1,
    metrics: { cpu: alert === null ? metric : { ...metric, alert: settings } },
  });
  return pipeline;
}

/** A transition as the consumer writes it; times in minutes from the start. */
export function transitionItem(
  key: SeriesKey,
  at: Pick<IncidentOutput, 'phase' | 'severity'> & { opened: number; window: number },
): Item {
  const openedMs = START_MS + at.opened * MINUTE_MS;
  const windowMs = START_MS + at.window * MINUTE_MS;
  const output: IncidentOutput = {
    id: incidentId(key, openedMs),
    ...{ openedMs, windowMs },
    phase: at.phase,
    severity: at.severity,
    closedMs: at.phase === 'recovered' ? windowMs + MINUTE_MS : null,
    score: 5,
    observed: 42,
    expected: { low: 1, high: 9 },
    reason: '42 is far above 1 to 9',
  };
  return { ...incidentKey(key, output), body: JSON.stringify(output) };
}
