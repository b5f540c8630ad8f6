import { isDeepStrictEqual } from 'node:util';
import { readTemplate } from '@millrace/engine';
import { parseTemplate } from '@millrace/engine/template/document';
import { mergeGlobals } from '@millrace/engine/template/globals';
import { OutsideError } from '../exit';
import type { StackDescription } from './stack-outputs';

/** Variables by function, as `sam local invoke --env-vars` reads them. */
export type EnvFile = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface EnvFileOptions {
  /** Text of template.yaml. */
  readonly template: string;
  readonly stack: StackDescription;
  /** Where a container finds the services; null = AWS. */
  readonly containerEndpoint: string | null;
  /** The same of Timestream alone. */
  readonly timestreamEndpoint?: string | null;
}

type Tree = Readonly<Record<string, unknown>>;

/**
 * The environment of every function of a deployed stack. `sam local` puts logical ids where the
 * template refers to a resource: here each such variable gets the value of the output that is written
 * as the same expression.
 * @throws OutsideError listing the variables for which the stack has no output
 */
export function envFile(options: EnvFileOptions): EnvFile {
  const { template, stack, containerEndpoint, timestreamEndpoint = null } = options;
  const { root } = parseTemplate(template, 'template.yaml');
  const declared = treeOf(root.Parameters);
  const parameters = Object.entries(stack.parameters).filter(([name]) => name in declared);
  const resolved = readTemplate(template, { parameters: Object.fromEntries(parameters) });
  const resources = treeOf(root.Resources);
  const globals = treeOf(treeOf(root.Globals).Function);
  const missing: string[] = [];
  const file: Record<string, Record<string, string>> = {};
  for (const [id, { environment }] of resolved.functions) {
    const properties = mergeGlobals(globals, treeOf(resources[id]).Properties);
    const written = treeOf(treeOf(treeOf(properties).Environment).Variables);
    const variables: Record<string, string> = {};
    for (const [name, value] of Object.entries(environment)) {
      const output = outputFor(written[name], treeOf(root.Outputs));
      const isKnown =
        output === null ? !refersTo(written[name], resources) : output in stack.outputs;
      if (!isKnown) missing.push(`${id}.${name}`);
      variables[name] = output === null ? value : (stack.outputs[output] ?? '');
    }
    if (containerEndpoint !== null) variables[ENDPOINT_VARIABLE] = containerEndpoint;
    if (timestreamEndpoint !== null && TIMESTREAM_VARIABLE in variables) {
      variables[TIMESTREAM_VARIABLE] = timestreamEndpoint;
    }
    file[id] = variables;
  }
  if (missing.length > 0) {
    throw new OutsideError(
      `expected an output for ${missing.join(', ')}, found none: was the stack deployed from this template?`,
    );
  }
  return file;
}

/** Declared in the template, since `sam local` overrides only what is. */
const ENDPOINT_VARIABLE = 'ENDPOINT_URL';
const TIMESTREAM_VARIABLE = 'TIMESTREAM_ENDPOINT_URL';

function outputFor(expression: unknown, outputs: Tree): string | null {
  if (typeof expression !== 'object') return null;
  const wanted = canonical(expression);
  const same = Object.entries(outputs).find(([, output]) =>
    isDeepStrictEqual(canonical(treeOf(output).Value), wanted),
  );
  return same?.[0] ?? null;
}

/** A topic's `Ref` is its ARN, which has a name of its own too. */
function canonical(expression: unknown): unknown {
  const attribute = treeOf(expression)['Fn::GetAtt'];
  if (!Array.isArray(attribute) || attribute[1] !== 'TopicArn') return expression;
  return { Ref: attribute[0] };
}

/** Whether a resource is named anywhere in an expression. */
function refersTo(expression: unknown, resources: Tree): boolean {
  if (typeof expression !== 'object' || expression === null) return false;
  return Object.entries(expression).some(([key, value]) => {
    if (key === 'Ref') return String(value) in resources;
    if (key === 'Fn::GetAtt') return String([value].flat()[0]) in resources;
    if (key === 'Fn::Sub') {
      const names = [...String([value].flat()[0]).matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
      return names.some((name) => name !== undefined && name in resources);
    }
    return refersTo(value, resources);
  });
}

function treeOf(value: unknown): Tree {
  return typeof value === 'object' && value !== null ? (value as Tree) : {};
}
