import { createTopic } from '@millrace/adapters/embedded/topic';
import { describeTopic, type Received } from './topic.suite';

describeTopic('embedded', async () => {
  const topic = createTopic();
  return {
    topic,
    async subscribe(filter) {
      const inbox: Received[] = [];
      topic.subscribe(({ id, body, attributes }) => inbox.push({ id, body, attributes }), filter);
      return { read: async () => inbox };
    },
  };
});
