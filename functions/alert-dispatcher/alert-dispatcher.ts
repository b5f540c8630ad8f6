import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { type Breaker, waitWhileOpen } from '@millrace/adapters/breaker/breaker';
import { IdempotencyStore } from '@millrace/adapters/idempotency-store';
import { seriesHashOfRecord } from '@millrace/adapters/result-record';
import type { Topic, TopicMessage } from '@millrace/adapters/topic';
import { answerTo, DeadlineError, MillraceError } from '@millrace/core/error';
import type { Clock, KeyValueStore, Log } from '@millrace/core/port';
import type {
  Context,
  DynamoDBBatchResponse,
  DynamoDBRecord,
  DynamoDBStreamEvent,
} from 'aws-lambda';
import type { AlertSettings } from './alert-settings';
import { claimAlert } from './cooldown';
import { messageOf } from './message';
import { cooldownOf, readTransition, type Transition } from './transition';

export interface AlertDispatcherPorts {
  readonly alerts: AlertSettings;
  readonly control: KeyValueStore;
  readonly topic: Topic;
  /** Of the topic, shared by all containers. Absent where no topic can be away: in a local run. */
  readonly breaker?: Breaker;
  readonly clock: Clock;
  readonly log: Log;
}

export type AlertDispatcher = (
  event: DynamoDBStreamEvent,
  context: InvocationContext,
) => Promise<DynamoDBBatchResponse>;

export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** Twice as long as a table stream can repeat a record. */
const REMEMBERED_SECONDS = 48 * 3600;
/** What is not told of this long before the time-out comes again. */
const MARGIN_MS = 5_000;
/** The topic is given up this long before the time-out: the claim on the alert is still to be freed. */
export const REST_MS = 2_000;

/**
 * Publishes the transitions of incidents that are alerts. In order, and no further than the first
 * that fails: the cooldown of a series depends on what was told before.
 *
 * Published at least once. A crash between the message and the note that it was sent sends it again,
 * when the crashed invocation's time is over; the message's `id` is the transition's in any case.
 */
export function createAlertDispatcher(ports: AlertDispatcherPorts): AlertDispatcher {
  const { alerts, control, topic, breaker, clock, log } = ports;
  const config = new IdempotencyConfig({
    expiresAfterSeconds: REMEMBERED_SECONDS,
    hashFunction: 'sha256',
  });
  const publishOnce = makeIdempotent(
    async (
      _id: string,
      transition: Transition,
      cooldownMs: number,
      leftMs: number,
    ): Promise<boolean> => {
      const isAlert = await claimAlert(control, transition, cooldownMs);
      if (isAlert) await publish(messageOf(transition), leftMs);
      return isAlert;
    },
    { persistenceStore: new IdempotencyStore(control, clock), config, keyPrefix: 'alert' },
  );

  async function publish(message: TopicMessage, leftMs: number): Promise<void> {
    const work = () => topic.publish(message);
    await (breaker === undefined ? work() : breaker.call(work, leftMs));
  }

  async function dispatch(record: DynamoDBRecord, leftMs: number): Promise<boolean> {
    const transition = readTransition(record);
    if (transition === null) {
      // The item stays in the table; holding up every other alert for it helps nobody.
      log.error('An incident transition cannot be read; nobody is told of it.', {
        ...{
          sequenceNumber: record.dynamodb?.SequenceNumber,
          seriesHash: seriesHashOfRecord(record),
        },
      });
      return false;
    }
    const cooldownMs = cooldownOf(transition, alerts);
    if (cooldownMs === null) return false;
    // Before anything is claimed for a message that would not be sent.
    await breaker?.check();
    return publishOnce(transition.transition, transition, cooldownMs, leftMs);
  }

  return async (event, context) => {
    config.registerLambdaContext(context as Context);
    let published = 0;
    for (const record of event.Records) {
      const sequence = record.dynamodb?.SequenceNumber ?? '';
      const error = await attempt(async () => {
        const leftMs = context.getRemainingTimeInMillis();
        if (leftMs <= MARGIN_MS) throw new DeadlineError('the invocation is about to time out');
        if (await dispatch(record, leftMs)) published++;
      });
      if (error === null) continue;
      const fields = { sequenceNumber: sequence, error: error.name, reason: reasonOf(error) };
      const thrown = thrownIn(error);
      if (answerTo(thrown) === 'retry' || isUnderWay(error)) {
        log.warn('Alerts wait for another try.', fields);
      } else {
        log.error('Alerts wait until someone acts.', fields);
      }
      await waitWhileOpen(thrown, clock, context);
      return { batchItemFailures: [{ itemIdentifier: sequence }] };
    }
    if (published > 0) log.info('Told of incidents.', { published });
    return { batchItemFailures: [] };
  };
}

async function attempt(work: () => Promise<void>): Promise<Error | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * The invocation before this one died at work on the same alert, and its time is not over; or its claim
 * was there when ours was refused, and gone when we looked: it was freed so late.
 */
function isUnderWay({ name }: Error): boolean {
  return name === 'IdempotencyAlreadyInProgressError' || name === 'IdempotencyItemNotFoundError';
}

/** Powertools wraps what its store threw; the causes of our own errors are the SDK's, which say less. */
function thrownIn(error: Error): unknown {
  return error instanceof MillraceError ? error : (error.cause ?? error);
}

function reasonOf(error: Error): string {
  const thrown = thrownIn(error);
  const isWrapped = thrown instanceof Error && thrown !== error;
  return isWrapped ? `${error.message}: ${thrown.message}` : error.message;
}
