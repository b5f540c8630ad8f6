import { createS3Client, createS3Objects } from '@millrace/adapters/aws/s3-objects';
import type { Config } from '@millrace/adapters/config';
import type { ObjectStore } from '@millrace/core/port';

/**
 * An output file of its own beside handler.js (EntryPoints in template.yaml): the S3 client is a third
 * of the code, and only a record that is refused needs it.
 */
export function openQuarantineBucket(config: Config, deadline?: () => number): ObjectStore {
  const client = createS3Client({ endpointUrl: config.endpointUrl });
  const bucket = config.quarantineBucket;
  return createS3Objects({ client, bucket, ...(deadline && { deadline }) });
}
