/** A message for whoever subscribed. Published at least once: `id` tells repetitions apart. */
export interface TopicMessage {
  readonly id: string;
  /** One line for people: the subject of an e-mail. */
  readonly subject: string;
  readonly body: string;
  /** What subscriptions filter by. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Topic {
  /** Throws `UnavailableError` when it is not certain that the message was taken. */
  publish(message: TopicMessage): Promise<void>;
}
