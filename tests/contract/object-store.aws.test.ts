import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { createS3Client, createS3Objects } from '@millrace/adapters/aws/s3-objects';
import { contractEndpoint, uniqueName } from './endpoint';
import { describeObjectStore } from './object-store.suite';

const client = createS3Client({ endpointUrl: contractEndpoint() });

afterAll(() => client.destroy());

describeObjectStore(
  'S3',
  async () => {
    const bucket = uniqueName('bucket');
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return { store: createS3Objects({ client, bucket }) };
  },
  { propertyRuns: 20 },
);
