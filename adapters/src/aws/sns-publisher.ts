import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Topic } from '../topic';
import { CALL_LIMITS, type ClientSettings, clientOptions } from './client-options';
import { beginCall, type CallLimits, limitedBy } from './retry';
import { escaped, replaced, subjectOf } from './sns-text';

export interface SnsTopic {
  readonly client: SNSClient;
  readonly topicArn: string;
  readonly limits?: CallLimits;
  /** Milliseconds the caller has left. */
  readonly deadline?: () => number;
}

export function createSnsClient(settings?: ClientSettings): SNSClient {
  return new SNSClient(clientOptions(settings));
}

/**
 * One SNS topic behind the port. The attribute `id` is for subscribers that drop repetitions; an
 * empty attribute, which SNS refuses, is left out. A publish whose answer got lost is sent again.
 */
export function createSnsTopic({ client, topicArn, ...options }: SnsTopic): Topic {
  const limits = limitedBy(options.limits ?? CALL_LIMITS, options.deadline);
  return {
    async publish({ id, subject, body, attributes }) {
      const named = Object.entries({ ...attributes, id }).filter(([, value]) => value !== '');
      const command = new PublishCommand({
        TopicArn: topicArn,
        Subject: subjectOf(subject),
        Message: escaped(body),
        MessageAttributes: Object.fromEntries(
          named.map(([name, value]) => [
            name,
            { DataType: 'String', StringValue: replaced(value) },
          ]),
        ),
      });
      const call = beginCall({ operation: 'Publish', target: `topic ${topicArn}` }, limits);
      await call((abortSignal) => client.send(command, { abortSignal }));
    },
  };
}
