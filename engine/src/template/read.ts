import { localArn } from '../arn';
import type { Application, UnsupportedSource } from './application';
import { attributeOf } from './attributes';
import { parseTemplate } from './document';
import { readEvents, readFunction } from './function';
import { mergeGlobals } from './globals';
import { addMapping } from './mapping';
import { type ParameterValue, readParameters } from './parameters';
import { Properties } from './properties';
import { createResolver } from './resolve';
import type { Resolver } from './resolver';
import { readSimpleTable, readStream, readTable } from './resources';

export interface ReadOptions {
  /** Values in place of the parameters' defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** File name for messages. */
  readonly source?: string;
}

type Reader = (
  logicalId: string,
  properties: Properties,
  application: Application,
  resolver: Resolver,
) => void;

/** What becomes of each resource type; other types are none of the engine's business. */
const READERS: Readonly<Record<string, Reader>> = {
  'AWS::DynamoDB::GlobalTable': (id, properties, { tables }) =>
    tables.set(id, readTable(id, properties)),
  'AWS::DynamoDB::Table': (id, properties, { tables }) => tables.set(id, readTable(id, properties)),
  'AWS::Kinesis::Stream': (id, properties, { streams }) =>
    streams.set(id, readStream(id, properties)),
  'AWS::Lambda::Function': (id, properties, { functions }) =>
    functions.set(id, readFunction(id, properties, [])),
  'AWS::S3::Bucket': (id, properties, application) => {
    application.buckets.set(id, { logicalId: id, arn: attributeOf('AWS::S3::Bucket', id, 'Arn') });
    if (properties.has('NotificationConfiguration')) {
      application.unsupported.push(notRun('AWS::S3::Bucket', id, 'bucket notifications'));
    }
  },
  'AWS::SQS::Queue': (id, _, { queues }) =>
    queues.set(id, { logicalId: id, arn: localArn('sqs', id) }),
  'AWS::Serverless::Function': (id, properties, { functions, unsupported }, resolver) =>
    functions.set(
      id,
      readFunction(id, properties, readEvents(id, properties, resolver, unsupported)),
    ),
  'AWS::Serverless::SimpleTable': (id, properties, { tables }) =>
    tables.set(id, readSimpleTable(id, properties)),
};

/** Resources that call functions without being an event of one. */
const CALLERS: Readonly<Record<string, string>> = {
  'AWS::Events::Rule': 'event rules',
  'AWS::Logs::SubscriptionFilter': 'log subscriptions',
  'AWS::SNS::Subscription': 'topic subscriptions',
  'AWS::Scheduler::Schedule': 'schedules outside a function',
};

/**
 * Reads a SAM template as CloudFormation would resolve it locally.
 *
 * @throws TemplateError naming file, line, logical id and property
 */
export function readTemplate(text: string, options: ReadOptions = {}): Application {
  const document = parseTemplate(text, options.source ?? 'template.yaml');
  const parameters = readParameters(document, options.parameters ?? {});
  const resolver = createResolver(document, parameters);
  const { root, fail } = document;
  const application = emptyApplication(parameters);
  for (const name of Object.keys(asMap(root.Conditions))) {
    application.conditions[name] = resolver.condition(name, ['Conditions', name]);
  }
  const mappings: [string, Properties][] = [];
  for (const [logicalId, resource] of Object.entries(asMap(root.Resources))) {
    const path = ['Resources', logicalId];
    const { Type: type, Condition: condition, Properties: own } = asMap(resource);
    if (typeof type !== 'string') fail('has no Type', path);
    if (typeof condition === 'string' && !resolver.condition(condition, path)) continue;
    const globals = asMap(root.Globals)[String(type).replace(/^AWS::Serverless::/, '')];
    const merged = String(type).startsWith('AWS::Serverless::') ? mergeGlobals(globals, own) : own;
    const properties = new Properties(merged, [...path, 'Properties'], resolver);
    if (type === 'AWS::Lambda::EventSourceMapping') mappings.push([logicalId, properties]);
    else readerOf(String(type))?.(logicalId, properties, application, resolver);
  }
  // Last, since a mapping may stand before its function.
  for (const [logicalId, properties] of mappings) addMapping(logicalId, properties, application);
  return application;
}

function readerOf(type: string): Reader | undefined {
  const caller = CALLERS[type];
  if (caller === undefined) return READERS[type];
  return (logicalId, _, { unsupported }) => unsupported.push(notRun(type, logicalId, caller));
}

function notRun(type: string, logicalId: string, what: string): UnsupportedSource {
  return { logicalId, event: null, type, reason: `the local engine does not run ${what}` };
}

function emptyApplication(parameters: ReadonlyMap<string, ParameterValue>): Application {
  return {
    functions: new Map(),
    tables: new Map(),
    streams: new Map(),
    buckets: new Map(),
    queues: new Map(),
    parameters: Object.fromEntries([...parameters].map(([name, value]) => [name, String(value)])),
    conditions: {},
    unsupported: [],
  };
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
