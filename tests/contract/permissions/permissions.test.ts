import { readFileSync, writeFileSync } from 'node:fs';
import { template } from '../template/document';
import { needOf, readLedger } from './policy/ledger';
import { PAGE_PATH, permissionsPage } from './policy/page';
import { PLATFORM_CALLS } from './policy/platform';
import { stackOf } from './policy/stack';
import { allows, functionsOf, isLike, statementsOf, unusedParts } from './policy/statement';

/**
 * The template against calls.json, which holds what the functions were seen to send to emulators:
 * *.aws.test.ts and *.moto.test.ts of this folder. Emulators check no permissions, IAM does.
 */
const stack = stackOf();
const sent = readLedger();
const functions = functionsOf(stack);

test('every function was watched, and no other is listed', () => {
  expect(Object.keys(sent).sort()).toEqual([...functions].sort());
  expect(Object.keys(PLATFORM_CALLS).sort()).toEqual([...functions].sort());
});

describe.each(functions)('%s', (name) => {
  const statements = statementsOf(name, stack);
  const calls = [...(sent[name] ?? []), ...Object.keys(PLATFORM_CALLS[name] ?? {})];

  test.each(calls)('%s is allowed', (line) => {
    const need = needOf(line, stack);

    expect(statements.filter((statement) => allows(statement, need))).not.toEqual([]);
  });

  test.each(statements.map((each): [string, typeof each] => [each.sid, each]))(
    'statement %s grants nothing that no call needs',
    (_sid, statement) => {
      const needs = calls.map((line) => needOf(line, stack));

      expect(unusedParts(statement, needs, stack)).toEqual([]);
    },
  );

  test('a condition on keys stands with actions only that name their keys', () => {
    const conditional = statements.filter(({ leadingKeys }) => leadingKeys !== null);
    const keyless = ['dynamodb:Scan', 'dynamodb:DescribeTable', 'dynamodb:PartiQLSelect'];

    for (const { actions } of conditional) {
      expect(actions.filter((action) => keyless.includes(action))).toEqual([]);
    }
  });

  test('every statement has a name of its own and a reason', () => {
    const sids = statements.map(({ sid }) => sid);

    expect(new Set(sids).size).toBe(sids.length);
    for (const { sid, reason } of statements) {
      expect(sid).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(reason).toMatch(/\w{3}/);
    }
  });

  test('without optional parts it is allowed no less of the rest', () => {
    const base = statementsOf(name, stackOf({}, {}));

    expect(statements.filter(({ sid }) => base.some((each) => each.sid === sid))).toEqual(base);
  });
});

test(`${PAGE_PATH} is up to date (npm run permissions)`, () => {
  const page = permissionsPage(sent);
  if (process.env.MILLRACE_RECORD_PERMISSIONS === 'true') writeFileSync(PAGE_PATH, page);

  expect(readFileSync(PAGE_PATH, 'utf8')).toBe(page);
});

test('the one policy of a resource allows nothing', () => {
  const policies = Object.values(template().Resources).filter(({ Type }) =>
    /Policy$|::Permission$/.test(Type),
  );

  expect(policies.map(({ Type }) => Type)).toEqual(['AWS::S3::BucketPolicy']);
  for (const { Properties } of policies) {
    expect(Properties.PolicyDocument.Statement).toEqual([
      {
        Sid: 'RefusePlainHttp',
        ...{ Effect: 'Deny', Principal: '*', Action: 's3:*' },
        Resource: [
          { 'Fn::GetAtt': ['QuarantineBucket', 'Arn'] },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: as CloudFormation writes it.
          { 'Fn::Sub': '${QuarantineBucket.Arn}/*' },
        ],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
  }
});

describe('the evaluation', () => {
  test.each([
    ['IDEM#alert#1', 'IDEM#*', true],
    ['IDEMPOTENT', 'IDEM#*', false],
    ['CB#sns', 'CB#sns', true],
    ['CB#sns2', 'CB#sns', false],
    ['aXb', 'a?b', true],
    ['a.b', 'a+b', false],
    ['', '*', true],
  ])('%s is like %s: %s', (text, pattern, expected) => {
    expect(isLike(text, pattern)).toBe(expected);
  });

  const statement = {
    ...{ sid: 'S', reason: '', actions: ['dynamodb:PutItem'], resources: ['arn:t'] },
    ...{ leadingKeys: ['A#*', 'B#*'], via: null },
  };
  const need = { action: 'dynamodb:PutItem', resource: 'arn:t', leadingKeys: ['A#1', 'B#1'] };

  test.each([
    ['all that the statement says', {}, true],
    ['another action', { action: 'dynamodb:GetItem' }, false],
    ['another resource', { resource: 'arn:t/index/due' }, false],
    ['one key that is not among them', { leadingKeys: ['A#1', 'C#1'] }, false],
  ])('%s: %s is allowed: %s', (_name, changes, expected) => {
    expect(allows(statement, { ...need, ...changes })).toBe(expected);
  });

  test.each([
    ['through the service it names', 's3', true],
    ['through another', 'sns', false],
    ['without a service', undefined, false],
  ])('a key is for use %s: %s: %s', (_name, via, expected) => {
    const decrypt = { ...statement, actions: ['kms:Decrypt'], leadingKeys: null, via: 's3' };

    expect(
      allows(decrypt, {
        action: 'kms:Decrypt',
        resource: 'arn:t',
        leadingKeys: [],
        ...(via && { via }),
      }),
    ).toBe(expected);
  });

  test('an action, and a pattern of keys, that nothing needs are told', () => {
    const generous = { ...statement, actions: ['dynamodb:PutItem', 'dynamodb:Scan'] };
    const needs = [{ ...need, leadingKeys: ['A#1'] }];

    expect(unusedParts(generous, needs, stack)).toEqual(['dynamodb:Scan arn:t', 'S: keys B#*']);
  });
});
