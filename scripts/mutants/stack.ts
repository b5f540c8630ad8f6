/** What template.yaml promises of a second stack, and against who is not meant. */
import type { Mutant } from './mutant';

const TEMPLATE = 'template.yaml';
const TEST = 'tests/contract/template/security.test.ts';
const without = (name: string, find: string, put = ''): Mutant => ({
  ...{ name, rule: 'security', test: TEST },
  patches: [{ file: TEMPLATE, find, put }],
});

export const STACK_MUTANTS: readonly Mutant[] = [
  without('two stacks share the name of a schedule', '            OmitName: true\n'),
  without(
    'the schedule goes by a role that any account may use',
    '            RoleArn: !GetAtt StreamSweeperScheduleRole.Arn\n',
  ),
  without(
    'roles of functions serve every account',
    '            Condition: { StringEquals: { aws:SourceAccount: !Ref AWS::AccountId } }\n',
  ),
  without(
    'an own stream ignores partition keys',
    'AWS::NoValue, USER_PARTITION_KEY]',
    'AWS::NoValue, AUTO]',
  ),
  without(
    'keys are used past the service that they are for',
    'kms:ViaService: !Sub "kinesis.$',
    'kms:CallerAccount: !Sub "kinesis.$',
  ),
  without(
    'the own stream takes records above an invocation',
    '      RecordDistributionStrategy:',
    '      MaxRecordSizeInKiB: 10240\n      RecordDistributionStrategy:',
  ),
  without(
    'batches of many records are not gathered',
    '    MinValue: 1\n    MaxValue: 300\n',
    '    MinValue: 0\n    MaxValue: 300\n',
  ),
  {
    ...{ name: 'every commit makes a series', rule: 'new series' },
    test: 'tests/unit/core/commit/commit-group.test.ts',
    patches: [
      {
        file: 'layers/core/src/commit/commit-group.ts',
        find: 'if (stored === undefined) tally.newSeries++;',
        put: 'tally.newSeries++;',
      },
    ],
  },
];
