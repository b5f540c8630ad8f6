/**
 * The partition key of a record that has none: streams whose RecordDistributionStrategy is AUTO have such
 * records, and the event then says null, or nothing. Kinesis takes no empty key, so nobody else has it.
 * https://docs.aws.amazon.com/streams/latest/dev/service-managed-pk-integrations-lambda.html
 */
export const UNKEYED = '';

/**
 * What a record without a key, or a tick for such records, is put under: streams that leave the choice to
 * their producers ask for one. A record is then a part of its series of its own, merged when read.
 */
export const UNKEYED_PUT_KEY = 'millrace';

export function putableKey(key: string): string {
  return key === UNKEYED ? UNKEYED_PUT_KEY : key;
}

/**
 * Most Unicode characters (code points) of a partition key; at least one.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html
 */
export const PARTITION_KEY_CHARACTERS_MAX = 256;

/** Whether Kinesis takes a text as a partition key. Its length is looked at first: it may be a megabyte. */
export function isPartitionKey(key: string): boolean {
  if (key.length <= PARTITION_KEY_CHARACTERS_MAX) return key.length > 0;
  return (
    key.length <= 2 * PARTITION_KEY_CHARACTERS_MAX &&
    charactersOf(key) <= PARTITION_KEY_CHARACTERS_MAX
  );
}

function charactersOf(text: string): number {
  let characters = 0;
  for (const _ of text) characters++;
  return characters;
}
