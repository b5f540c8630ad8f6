import { resourcesOf, template } from './document';

const document = template();
const isProjection = ([name]: [string, unknown]) => /^(ResultProjector|Timestream)/.test(name);
const parts = Object.entries(document.Resources).filter(isProjection);

describe('Timestream', () => {
  test('a database, a table and the projector with all it has', () => {
    expect(parts.map(([, { Type }]) => Type).sort()).toEqual(
      [
        'AWS::CloudWatch::Alarm',
        'AWS::CloudWatch::Alarm',
        'AWS::CloudWatch::Alarm',
        'AWS::IAM::Role',
        'AWS::Logs::LogGroup',
        'AWS::SQS::Queue',
        'AWS::Serverless::Function',
        'AWS::Timestream::Database',
        'AWS::Timestream::Table',
      ].sort(),
    );
  });

  test.each(parts)('%s is made with EnableTimestream only', (_name, resource) => {
    expect(document.Parameters.EnableTimestream?.Default).toBe('false');
    expect(resource).toMatchObject({ Condition: 'HasTimestream' });
  });

  test('outputs of it are of the same condition', () => {
    const outputs = Object.entries(document.Outputs).filter(isProjection);

    expect(outputs).toHaveLength(3);
    for (const [, output] of outputs) expect(output).toMatchObject({ Condition: 'HasTimestream' });
  });

  test.each(resourcesOf(document, 'AWS::Timestream::Table'))(
    '%s takes revisions of windows that left the memory store',
    (_name, { Properties }) => {
      expect(Properties.MagneticStoreWriteProperties.EnableMagneticStoreWrites).toBe(true);
    },
  );
});

describe('the projector', () => {
  const { Timeout, Events } = document.Resources.ResultProjector?.Properties ?? {};

  test('gets new and changed rows, and no incidents', () => {
    const { FilterCriteria } = Events.Rows.Properties;
    const patterns = FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) =>
      JSON.parse(Pattern),
    );

    expect(patterns).toEqual([
      { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { pk: { S: [{ prefix: 'R#' }] } } } },
    ]);
  });

  test('has time for writes before it begins nothing more', () => {
    expect(Timeout).toBeGreaterThanOrEqual(3 * 10);
  });

  test('reads definitions, writes refusals and keeps its breaker in the Control table, nothing else', () => {
    const [policy] = document.Resources.ResultProjectorRole?.Properties.Policies ?? [];
    const onTable = policy.PolicyDocument.Statement.filter(
      ({ Resource }: { Resource: unknown }) =>
        JSON.stringify(Resource) === '{"Fn::GetAtt":["ControlTable","Arn"]}',
    );
    const keys = onTable.map(
      (statement: { Condition: Record<string, Record<string, string[]>> }) =>
        statement.Condition['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'],
    );

    expect(keys).toEqual([['D#*'], ['P#timestream#*'], ['CB#timestream']]);
  });
});
