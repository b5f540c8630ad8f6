import { readFileSync } from 'node:fs';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createTopic } from '@millrace/adapters/embedded/topic';
import { systemClock } from '@millrace/adapters/system-clock';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import { createTableStream } from '@millrace/engine';
import { createScheduler } from '@millrace/engine/scheduler';
import Ajv from 'ajv';
import { createAlertDispatcher } from '../../functions/alert-dispatcher/alert-dispatcher';
import { alertSettings, readAlertSettings } from '../../functions/alert-dispatcher/alert-settings';
import { TABLE_STREAM_CASES } from '../../scripts/sample-events/table-stream-cases';
import { createAlertStage, START_MS, transitionItem } from '../helper/alert-stage';

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

describe('what the dispatcher makes of a sample event', () => {
  test.each(TABLE_STREAM_CASES.map((sample) => [sample.name, sample] as const))(
    '%s: every transition as its note says',
    async (name, { transitions }) => {
      const published: string[] = [];
      const topic = createTopic();
      topic.subscribe(({ id }) => published.push(id));
      const dispatcher = createAlertDispatcher({
        alerts: alertSettings(parsePipelineText(readFileSync('pipeline.json', 'utf8')).pipeline),
        control: createKeyValueStore({ map: createMemoryMap(), table: 'control' }),
        topic,
        clock: systemClock,
        log: { info: () => {}, warn: () => {}, error: () => {} },
      });
      const event = readJson(`events/dynamodb-stream/${name}.json`);

      const response = await dispatcher(event, { getRemainingTimeInMillis: () => 30_000 });

      expect(response).toEqual({ batchItemFailures: [] });
      expect(published).toHaveLength(
        transitions.filter(({ note }) => note.startsWith('told')).length,
      );
    },
  );
});

test('the dispatcher reads the same alerts from pipeline.json as the parser', () => {
  const { pipeline } = parsePipelineText(readFileSync('pipeline.json', 'utf8'));

  expect(alertSettings(pipeline).size).toBeGreaterThan(0);
  expect(readAlertSettings(readJson('pipeline.json'))).toEqual(alertSettings(pipeline));
  expect(() => readAlertSettings({ metrics: { m: { alert: { cooldown: 1 } } } })).toThrow(
    'pipeline.json: metrics.m.alert.cooldown: expected a duration',
  );
});

describe('events of the local engine', () => {
  const validate = new Ajv({ allErrors: true }).compile(
    readJson('tests/contract/schema/dynamodb-stream-event.schema.json'),
  );

  test('have the shape that the source sends', async () => {
    const stage = createAlertStage();
    const key = { metric: 'cpu', partitionKey: 'p', series: 'a' };
    const at = { phase: 'open', severity: 'info', opened: 0, window: 0 } as const;
    await stage.results.put({ ...transitionItem(key, at), ttl: 1, flag: true });

    await stage.run();

    expect(stage.events).toHaveLength(1);
    validate(stage.events[0]);
    expect(validate.errors ?? []).toEqual([]);
  });

  test('a write that changes nothing is not streamed', () => {
    const scheduler = createScheduler({ seed: 1, startMs: START_MS });
    const keys = { partitionKey: 'pk', sortKey: 'sk' };
    const stream = createTableStream({ table: 'T', scheduler, keys });
    const next = { pk: 'a', sk: 'b', n: 1 };

    stream.append({ old: undefined, next });
    stream.append({ old: next, next: { ...next } });
    stream.append({ old: next, next: { ...next, n: 2 } });
    stream.append({ old: next, next: undefined });
    stream.stream.arrive();

    const [shard] = stream.stream.shards;
    const names = [0, 1, 2].map((at) => JSON.parse(shard?.read(at)?.data ?? '{}').eventName);
    expect(names).toEqual(['INSERT', 'MODIFY', 'REMOVE']);
    expect(shard?.end).toBe(3);
  });
});
