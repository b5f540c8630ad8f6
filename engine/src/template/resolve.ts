import { ACCOUNT, REGION } from '../arn';
import { attributeOf, refOf } from './attributes';
import { createConditions } from './conditions';
import type { Path, TemplateDocument } from './document';
import { INTRINSICS } from './intrinsics';
import type { ParameterValue } from './parameters';
import { NO_VALUE, type Resolver } from './resolver';

const PSEUDO: Readonly<Record<string, unknown>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::NoValue': NO_VALUE,
  'AWS::NotificationARNs': [],
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/local/local`,
  'AWS::StackName': 'local',
  'AWS::URLSuffix': 'amazonaws.com',
};

type Section = Readonly<Record<string, unknown>>;

export function createResolver(
  document: TemplateDocument,
  parameters: ReadonlyMap<string, ParameterValue>,
): Resolver {
  const { root, fail } = document;
  const resources = section(root.Resources);

  const typeOf = (logicalId: string, path: Path): string => {
    const resource = section(resources[logicalId]);
    if (typeof resource.Type !== 'string') {
      return (
        generatedType(logicalId, resources) ??
        fail(`there is no resource or parameter ${logicalId}`, path)
      );
    }
    if (typeof resource.Condition === 'string' && !condition(resource.Condition, path)) {
      return fail(`refers to ${logicalId}, whose condition ${resource.Condition} is false`, path);
    }
    return resource.Type;
  };
  const resolver: Resolver = {
    fail,
    deep: (value, path) => resolveAny(value, path, resolver),
    condition: (name, path) => condition(name, path),
    resolve: (value, path) => {
      const resolved = resolveAny(value, path, resolver);
      return resolved === NO_VALUE ? undefined : resolved;
    },
    ref: (name, path) => {
      if (name in PSEUDO) return PSEUDO[name];
      return parameters.get(name) ?? refOf(typeOf(name, path), name);
    },
    attribute: (logicalId, attribute, path) =>
      streamConsumerArn(logicalId, attribute) ??
      attributeOf(typeOf(logicalId, path), logicalId, attribute),
    mapping: (map, first, second) => section(section(section(root.Mappings)[map])[first])[second],
  };
  const condition = createConditions(section(root.Conditions), resolver);

  /** A consumer's ARN holds that of its stream, which is what a mapping needs to know. */
  function streamConsumerArn(logicalId: string, attribute: string): string | null {
    const resource = section(resources[logicalId]);
    if (resource.Type !== 'AWS::Kinesis::StreamConsumer' || attribute !== 'ConsumerARN')
      return null;
    const path = ['Resources', logicalId, 'Properties', 'StreamARN'];
    const streamArn = resolver.resolve(section(resource.Properties).StreamARN, path);
    return `${String(streamArn)}/consumer/${logicalId}`;
  }
  const plainRef = resolver.ref;
  resolver.ref = (name, path) => streamConsumerArn(name, 'ConsumerARN') ?? plainRef(name, path);
  return resolver;
}

/** Without the AWS::NoValue parts; the symbol itself when the whole is one. */
function resolveAny(value: unknown, path: Path, resolver: Resolver): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item, index) => resolveAny(item, [...path, index], resolver))
      .filter((item) => item !== NO_VALUE);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries.length === 1 ? entries[0]! : ['', undefined];
  if (name === 'Ref' || name.startsWith('Fn::')) {
    const intrinsic = INTRINSICS[name];
    if (intrinsic === undefined)
      return resolver.fail(`${name} is not supported by the local engine`, path);
    return intrinsic(argument, [...path, name], resolver);
  }
  const resolved = entries
    .map(([key, item]) => [key, resolveAny(item, [...path, key], resolver)] as const)
    .filter(([, item]) => item !== NO_VALUE);
  return Object.fromEntries(resolved);
}

/** SAM makes a role for each function, which templates refer to. */
function generatedType(logicalId: string, resources: Section): string | null {
  const owner = logicalId.endsWith('Role') ? resources[logicalId.slice(0, -4)] : undefined;
  return owner === undefined ? null : 'AWS::IAM::Role';
}

function section(value: unknown): Section {
  return typeof value === 'object' && value !== null ? (value as Section) : {};
}
