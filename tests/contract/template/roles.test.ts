import { type Properties, resourcesOf, template } from './document';

const defaults = template();
const roles = resourcesOf(defaults, 'AWS::IAM::Role');

/** Each statement against the calls that need it: ../permissions/permissions.test.ts. */
describe('permissions', () => {
  const statements = roles.flatMap(([name, { Properties }]) =>
    Properties.Policies.flatMap((policy: Properties) =>
      policy.PolicyDocument.Statement.map((statement: Properties): [string, string, Properties] => [
        name,
        [statement.Action].flat().join(', '),
        statement,
      ]),
    ),
  ) as [string, string, Properties][];

  test.each(statements)(
    '%s: %s is for resources of this stack only',
    (_role, _actions, statement) => {
      const actions: string[] = [statement.Action].flat();
      const targets: Properties[] = [statement.Resource].flat();

      expect(statement.Effect).toBe('Allow');
      // AWS takes no resource for it: the answer is the same for all of an account.
      if (_actions === 'timestream:DescribeEndpoints') return;
      for (const action of actions) expect(action).not.toContain('*');
      for (const target of targets) {
        const resource =
          target['Fn::GetAtt']?.[0] ?? /^\$\{(\w+)\.Arn\}\/./.exec(target['Fn::Sub'])?.[1];
        expect(defaults.Resources).toHaveProperty(resource);
      }
    },
  );

  test('the scheduled function may write to its dead letters', () => {
    const sends = statements.filter(
      ([role, actions]) => role === 'StreamSweeperRole' && actions === 'sqs:SendMessage',
    );

    expect(sends).toHaveLength(1);
  });
});
