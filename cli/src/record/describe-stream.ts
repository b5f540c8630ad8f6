import type { KinesisReader } from '@millrace/adapters/aws/kinesis-reader';
import type { Command } from 'commander';
import { complaint } from '../command';
import { UsageError } from '../exit';

/** The first call of a command: what the user has to set is told of here, and not as a bug of ours. */
export async function describeStream(command: Command, reader: KinesisReader) {
  try {
    return await reader.describe();
  } catch (error) {
    // The SDK throws it as a plain error before it asks anybody.
    if (!(error instanceof Error) || error.message !== 'Region is missing') throw error;
    throw new UsageError(complaint(command, 'AWS_REGION: expected a region, got nothing'));
  }
}
