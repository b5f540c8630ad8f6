import { readFileSync } from 'node:fs';
import { createBreaker, FAILURES_MAX } from '@millrace/adapters/breaker/breaker';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import type { TopicMessage } from '@millrace/adapters/topic';
import { UnavailableError } from '@millrace/core/error';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { createAlertDispatcher } from '../../../functions/alert-dispatcher/alert-dispatcher';
import { createManualClock } from '../../helper/manual-clock';

const event: DynamoDBStreamEvent = JSON.parse(
  readFileSync('events/dynamodb-stream/single.json', 'utf8'),
);
const itemIdentifier = event.Records[0]?.dynamodb?.SequenceNumber;
const handedBack = { batchItemFailures: [{ itemIdentifier }] };
const none = { batchItemFailures: [] };
const CONTEXT = { getRemainingTimeInMillis: () => 30_000, functionName: 'f', awsRequestId: 'r' };

/** One container beside a topic that is away until `back` is called. */
function createContainer({ hasAlerts = true } = {}) {
  const { clock, sleeps, pass } = createManualClock(Date.UTC(2026, 10, 21, 12));
  const control = createKeyValueStore({ map: createMemoryMap(), table: 'control' });
  const reads = jest.spyOn(control, 'getMany');
  const messages: TopicMessage[] = [];
  let isAway = true;
  let calls = 0;
  const topic = {
    async publish(message: TopicMessage) {
      calls += 1;
      // As the adapter does: the SDK's error is the cause, and no error of ours.
      if (isAway) throw new UnavailableError('Publish: scripted', { cause: new Error('SDK') });
      messages.push(message);
    },
  };
  const metrics = Object.keys(JSON.parse(readFileSync('pipeline.json', 'utf8')).metrics);
  const alert = { when: 'open', minSeverity: 'info', cooldownMs: 0 } as const;
  const alerts = new Map(hasAlerts ? metrics.map((name) => [name, alert]) : []);
  const log = { info: () => {}, warn: () => {}, error: fail };
  const breaker = createBreaker({
    ...{ sink: 'sns', control, clock, owner: 'one', random: () => 0 },
  });
  const dispatcher = createAlertDispatcher({ alerts, control, topic, breaker, clock, log });
  return {
    ...{ control, messages, sleeps, reads, pass },
    calls: () => calls,
    back: () => {
      isAway = false;
    },
    dispatch: () => dispatcher(event, CONTEXT),
  };
}

function fail(text: string, fields?: object): void {
  throw new Error(`${text} ${JSON.stringify(fields)}`);
}

test('a topic that is away is left alone, and told of everything when it is back', async () => {
  const { dispatch, calls, sleeps, back, messages, pass } = createContainer();

  for (let n = 0; n < FAILURES_MAX; n++) expect(await dispatch()).toEqual(handedBack);
  expect([calls(), sleeps]).toEqual([FAILURES_MAX, []]);
  // Open: 10 s, of which each invocation waits 5.
  expect(await dispatch()).toEqual(handedBack);
  expect([calls(), sleeps]).toEqual([FAILURES_MAX, [5_000]]);
  pass(5_000);
  expect(await dispatch()).toEqual(handedBack);
  expect(calls()).toBe(FAILURES_MAX + 1);
  back();
  pass(20_000);
  expect(await dispatch()).toEqual(none);
  expect(await dispatch()).toEqual(none);
  expect(messages).toHaveLength(1);
});

test('while it is open nothing is claimed for an alert that is not sent', async () => {
  const { dispatch, control } = createContainer();
  for (let n = 0; n < FAILURES_MAX; n++) await dispatch();
  const before = (await control.scan()).items;

  await dispatch();

  expect((await control.scan()).items).toEqual(before);
});

test('a batch without an alert does not ask', async () => {
  const { dispatch, reads } = createContainer({ hasAlerts: false });

  expect(await dispatch()).toEqual(none);
  expect(reads).not.toHaveBeenCalled();
});
