import type { KinesisReader } from '@millrace/adapters/aws/kinesis-reader';
import { refuseUnset } from '../aws-settings';

/** The first call of a command: what the user has to set is told of here, and not as a bug of ours. */
export async function describeStream(reader: KinesisReader) {
  try {
    return await reader.describe();
  } catch (error) {
    refuseUnset(error);
    throw error;
  }
}
