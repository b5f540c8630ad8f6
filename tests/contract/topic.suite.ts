import type { FilterPolicy } from '@millrace/adapters/embedded/topic';
import type { Topic, TopicMessage } from '@millrace/adapters/topic';

export interface TopicUnderTest {
  readonly topic: Topic;
  /** A subscriber; `read` answers what it was sent, `count` messages of them, in any order. */
  subscribe(filter?: FilterPolicy): Promise<{ read(count: number): Promise<readonly Received[]> }>;
  close?(): Promise<void>;
}

/** What a subscriber sees of a message, wherever the topic is. */
export interface Received {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What every topic must do. `makeTopic` answers a new one, without subscribers. */
export function describeTopic(name: string, makeTopic: () => Promise<TopicUnderTest>): void {
  describe(`topic: ${name}`, () => {
    let subject: TopicUnderTest;

    beforeEach(async () => {
      subject = await makeTopic();
    });

    afterEach(async () => {
      await subject.close?.();
    });

    test('a message without subscribers is taken', async () => {
      await expect(subject.topic.publish(message('m#1'))).resolves.toBeUndefined();
    });

    test('a message reaches every subscriber with its id, body and attributes', async () => {
      const [first, second] = [await subject.subscribe(), await subject.subscribe()];
      const wide = message('m#1', { series: 'web/1 #é' }, '{"text":"é 😀 < & >"}');

      await subject.topic.publish(wide);

      expect(await first.read(1)).toEqual([received(wide)]);
      expect(await second.read(1)).toEqual([received(wide)]);
    });

    test('several messages all arrive, a repeated id as often as it was published', async () => {
      const subscriber = await subject.subscribe();
      const messages = ['m#1', 'm#2', 'm#1', 'm#3'].map((id) => message(id));

      for (const each of messages) await subject.topic.publish(each);

      const ids = (await subscriber.read(4)).map(({ id }) => id).sort();
      expect(ids).toEqual(['m#1', 'm#1', 'm#2', 'm#3']);
    });

    test('a filter lets through what has every attribute with one of its values', async () => {
      const filter = { severity: ['warning', 'critical'], metric: ['cpu'] };
      const [chosen, all] = [await subject.subscribe(filter), await subject.subscribe()];

      await subject.topic.publish(message('not-severe', { severity: 'info', metric: 'cpu' }));
      await subject.topic.publish(message('other', { severity: 'critical', metric: 'memory' }));
      await subject.topic.publish(message('without', { severity: 'critical' }));
      await subject.topic.publish(message('match', { severity: 'critical', metric: 'cpu' }));

      expect(await all.read(4)).toHaveLength(4);
      expect((await chosen.read(1)).map(({ id }) => id)).toEqual(['match']);
    });

    test('an attribute without a value hides no message', async () => {
      const subscriber = await subject.subscribe();

      await subject.topic.publish(message('m#1', { severity: 'info', series: '' }));

      const [only] = await subscriber.read(1);
      expect(only).toMatchObject({ id: 'm#1', attributes: { severity: 'info' } });
    });
  });
}

function message(
  id: string,
  attributes: Record<string, string> = { severity: 'warning', metric: 'cpu', series: 'web-1' },
  body = '{"a":1}',
): TopicMessage {
  return { id, subject: 'warning: cpu', body, attributes };
}

function received({ id, body, attributes }: TopicMessage): Received {
  return { id, body, attributes };
}
