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
