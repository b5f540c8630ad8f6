import { BugError } from './error';
import { isPartitionKey } from './partition-key';
import type { StreamEntry, StreamWriter } from './port';

/**
 * Puts what a stream takes, and answers what it takes under no circumstances: one such entry must not
 * hold up the others. What is known to be refused is not tried; when a request is refused for a reason
 * that no retry mends, its entries are tried one by one.
 *
 * @throws as the writer does, for every other reason; some may have been put then
 */
export async function putTakeable(
  writer: StreamWriter,
  entries: readonly StreamEntry[],
): Promise<readonly StreamEntry[]> {
  const refused = entries.filter(({ partitionKey }) => !isPartitionKey(partitionKey));
  const takeable = entries.filter(({ partitionKey }) => isPartitionKey(partitionKey));
  if (takeable.length === 0) return refused;
  if (await isTaken(writer, takeable)) return refused;
  for (const entry of takeable) if (!(await isTaken(writer, [entry]))) refused.push(entry);
  return refused;
}

async function isTaken(writer: StreamWriter, entries: readonly StreamEntry[]): Promise<boolean> {
  try {
    await writer.put(entries);
    return true;
  } catch (error) {
    // What the writer calls a mistake of its caller: a request that is refused whenever it is sent.
    if (error instanceof BugError) return false;
    throw error;
  }
}
