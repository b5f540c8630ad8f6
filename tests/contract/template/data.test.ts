import { type Document, resourcesOf, template } from './document';

const defaults = template();
const tables = resourcesOf(defaults, 'AWS::DynamoDB::Table');
const queues = resourcesOf(defaults, 'AWS::SQS::Queue');

const propertiesOf = (document: Document, name: string) => document.Resources[name]?.Properties;

describe('data', () => {
  const kinds = ['AWS::DynamoDB::Table', 'AWS::Kinesis::Stream', 'AWS::S3::Bucket'];
  const holders = kinds.flatMap((type) => resourcesOf(defaults, type));

  test.each(holders)('%s survives the stack and a replacement', (_name, resource) => {
    expect(resource.DeletionPolicy).toBe('Retain');
    expect(resource.UpdateReplacePolicy).toBe('Retain');
  });

  test.each(holders)(
    '%s has a generated name, so that a second stack can be made',
    (_name, { Properties }) => {
      for (const fixed of ['Name', 'TableName', 'BucketName'])
        expect(Properties).not.toHaveProperty(fixed);
    },
  );

  test.each(tables)(
    '%s is on demand, encrypted, recoverable and expires by ttl',
    (_name, { Properties }) => {
      expect(Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      });
    },
  );

  test('the due index is sorted by a number, since its times are compared as numbers', () => {
    const { AttributeDefinitions, GlobalSecondaryIndexes } = propertiesOf(defaults, 'StateTable');

    expect(AttributeDefinitions).toContainEqual({ AttributeName: 'due', AttributeType: 'N' });
    expect(GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'dueBucket', KeyType: 'HASH' },
          { AttributeName: 'due', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('results stream their new images', () => {
    expect(propertiesOf(defaults, 'ResultsTable').StreamSpecification.StreamViewType).toBe(
      'NEW_IMAGE',
    );
  });

  test('the stream is encrypted', () => {
    expect(propertiesOf(defaults, 'Stream').StreamEncryption).toEqual({
      EncryptionType: 'KMS',
      KeyId: 'alias/aws/kinesis',
    });
  });

  test('the bucket is private and encrypted, and keeps no versions', () => {
    const bucket = propertiesOf(defaults, 'QuarantineBucket');

    expect(Object.values(bucket.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(bucket.BucketEncryption.ServerSideEncryptionConfiguration).toHaveLength(1);
    expect(bucket).not.toHaveProperty('VersioningConfiguration');
  });

  test.each(queues)(
    '%s is encrypted, and is a dead-letter queue or has one',
    (name, { Properties }) => {
      const isDestination = ['Arn', 'Destination'].some((property) =>
        JSON.stringify(defaults.Resources).includes(
          `"${property}":{"Fn::GetAtt":["${name}","Arn"]}`,
        ),
      );

      expect(Properties.SqsManagedSseEnabled).toBe(true);
      expect(isDestination || Properties.RedrivePolicy !== undefined).toBe(true);
    },
  );
});
