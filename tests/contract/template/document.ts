import { readFileSync } from 'node:fs';
import {
  type DocumentOptions,
  Pair,
  parse,
  Scalar,
  type ScalarTag,
  type SchemaOptions,
  YAMLMap,
} from 'yaml';

/**
 * template.yaml read without the engine's reader, so that a mistake of the reader cannot hide one of
 * the template: the short tags become their long form, parameters and conditions are resolved, and a
 * reference to a resource stays as it is.
 */
export interface Document {
  readonly Parameters: Record<string, Parameter>;
  readonly Globals: { Function: Properties };
  readonly Resources: Record<string, Resource>;
  readonly Outputs: Record<string, { Description: string; Value: unknown }>;
}

export interface Parameter {
  readonly Type: string;
  readonly Default: string | number;
  readonly Description: string;
  readonly AllowedValues?: readonly (string | number)[];
  readonly AllowedPattern?: string;
  readonly MinValue?: number;
  readonly MaxValue?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: the tests walk the tree of properties by name.
export type Properties = any;

export interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
  readonly Metadata?: Properties;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

type Values = Readonly<Record<string, string | number>>;

const text = readFileSync('template.yaml', 'utf8');
const raw = parse(text, { customTags: shortTags(), merge: true } as DocumentOptions &
  SchemaOptions);

export const templateText = text;

/** The template with these parameters, and the defaults for all others. */
export function template(overrides: Values = {}): Document {
  const defaults = Object.entries(raw.Parameters as Document['Parameters']);
  const values = { ...Object.fromEntries(defaults.map(([n, p]) => [n, p.Default])), ...overrides };
  return resolve(raw, values) as Document;
}

export function resourcesOf(document: Document, type: string): [string, Resource][] {
  return Object.entries(document.Resources).filter(([, resource]) => resource.Type === type);
}

function shortTags(): ScalarTag[] {
  const names = [
    'Ref',
    'Condition',
    'GetAtt',
    'Sub',
    'If',
    'Equals',
    'Not',
    'And',
    'Or',
    'Join',
    'Select',
    'Split',
  ];
  const longOf = (name: string, value: unknown) =>
    name === 'Ref' || name === 'Condition'
      ? { [name]: value }
      : { [`Fn::${name}`]: name === 'GetAtt' ? String(value).split('.') : value };
  return names.flatMap((name) => [
    { tag: `!${name}`, resolve: (value: string) => longOf(name, value) },
    {
      tag: `!${name}`,
      collection: 'seq',
      // As a node, or an alias within it would stay an alias.
      resolve: (node: unknown) => {
        const map = new YAMLMap();
        map.items.push(new Pair(new Scalar(Object.keys(longOf(name, ''))[0]), node));
        return map;
      },
    },
  ]) as unknown as ScalarTag[];
}

function resolve(node: unknown, values: Values): unknown {
  if (Array.isArray(node)) {
    return node.map((child) => resolve(child, values)).filter((child) => child !== undefined);
  }
  if (typeof node !== 'object' || node === null) return node;
  const [[key, value] = ['', undefined], ...others] = Object.entries(node);
  if (others.length === 0 && key === 'Ref') {
    if (value === 'AWS::NoValue') return undefined;
    return values[value as string] ?? node;
  }
  if (others.length === 0 && key === 'Fn::If') {
    const [name, yes, no] = value as [string, unknown, unknown];
    return resolve(holds(raw.Conditions[name], values) ? yes : no, values);
  }
  const resolved = Object.entries(node).map(([name, child]) => [name, resolve(child, values)]);
  return Object.fromEntries(resolved.filter(([, child]) => child !== undefined));
}

function holds(condition: Properties, values: Values): boolean {
  if ('Condition' in condition) return holds(raw.Conditions[condition.Condition], values);
  if ('Fn::Not' in condition) return !holds(condition['Fn::Not'][0], values);
  if ('Fn::And' in condition) {
    return condition['Fn::And'].every((each: Properties) => holds(each, values));
  }
  const [left, right] = resolve(condition['Fn::Equals'], values) as unknown[];
  return String(left) === String(right);
}
