import type { Topic, TopicMessage } from '../topic';

/** An SNS filter policy over attributes: every name given, with one of the values listed. */
export type FilterPolicy = Readonly<Record<string, readonly string[]>>;

export interface EmbeddedTopic extends Topic {
  /** Calls back with what is published from now on. */
  subscribe(receive: (message: TopicMessage) => void, filter?: FilterPolicy): void;
}

/** A topic in this process. A message reaches all its subscribers before `publish` is done. */
export function createTopic(): EmbeddedTopic {
  const subscribers: {
    readonly receive: (message: TopicMessage) => void;
    readonly filter: FilterPolicy;
  }[] = [];
  return {
    async publish(message) {
      for (const { receive, filter } of subscribers) if (passes(message, filter)) receive(message);
    },
    subscribe(receive, filter = {}) {
      subscribers.push({ receive, filter });
    },
  };
}

function passes({ attributes }: TopicMessage, filter: FilterPolicy): boolean {
  return Object.entries(filter).every(([name, values]) => {
    const value = attributes[name];
    return value !== undefined && values.includes(value);
  });
}
