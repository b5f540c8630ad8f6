import {
  type CollectionTag,
  type Document,
  isNode,
  LineCounter,
  Pair,
  parseDocument,
  Scalar,
  type ScalarTag,
  YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { TemplateError } from './error';

export type Path = readonly (string | number)[];

/** A parsed template: plain data in long form (`Fn::Sub`), and where in the text each part stands. */
export interface TemplateDocument {
  readonly root: Readonly<Record<string, unknown>>;
  /** @throws TemplateError always: names the resource, the property and the position in the text */
  fail(problem: string, path: Path): never;
}

const SHORT_FORMS = [
  ...['And', 'Base64', 'Cidr', 'Equals', 'FindInMap', 'GetAZs', 'GetAtt', 'If', 'ImportValue'],
  ...['Join', 'Length', 'Not', 'Or', 'Select', 'Split', 'Sub', 'ToJsonString', 'Transform'],
];
const FUNCTION_OF_TAG: ReadonlyMap<string, string> = new Map([
  ['!Ref', 'Ref'],
  ['!Condition', 'Condition'],
  ...SHORT_FORMS.map((name): [string, string] => [`!${name}`, `Fn::${name}`]),
]);

/** Reads YAML or JSON with CloudFormation's short tags. */
export function parseTemplate(text: string, source: string): TemplateDocument {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { customTags: customTags(), lineCounter, merge: true });
  const flaw = document.errors[0] ?? document.warnings[0];
  if (flaw !== undefined) {
    const { line, col } = lineCounter.linePos(flaw.pos[0]);
    const problem = flaw.message.split(' at line ')[0]!;
    throw new TemplateError(problem, {
      source,
      line,
      column: col,
      logicalId: null,
      property: null,
    });
  }
  const fail = (problem: string, path: Path): never => {
    const offset = offsetOf(document, path);
    const { line, col } = offset === null ? { line: null, col: null } : lineCounter.linePos(offset);
    const inResource = path[0] === 'Resources' && path.length > 1;
    const logicalId = String(inResource ? path[1] : (path[0] ?? '')) || null;
    const property = path.slice(inResource ? 2 : 1).join('.') || null;
    throw new TemplateError(problem, { source, line, column: col, logicalId, property });
  };
  const root: unknown = document.toJS();
  if (typeof root !== 'object' || root === null || Array.isArray(root)) {
    return fail('expected a template: a map with a Resources section', []);
  }
  return { root: root as Record<string, unknown>, fail };
}

/** Of the deepest part of the path that the text has; short tags are no step in the text. */
function offsetOf(document: Document.Parsed, path: Path): number | null {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return null;
}

function customTags(): (ScalarTag | CollectionTag)[] {
  return [...FUNCTION_OF_TAG].flatMap(([tag, name]) => [
    { tag, resolve: (text: string) => ({ [name]: longForm(name, text) }) } as ScalarTag,
    {
      tag,
      collection: 'seq',
      resolve: (value: YAMLMap.Parsed | YAMLSeq.Parsed) => wrap(name, value),
    } as CollectionTag,
    {
      tag,
      collection: 'map',
      resolve: (value: YAMLMap.Parsed | YAMLSeq.Parsed) => wrap(name, value),
    } as CollectionTag,
  ]);
}

/** `!GetAtt Table.Arn` is short for a list of two. */
function longForm(name: string, text: string): unknown {
  const dot = text.indexOf('.');
  if (name !== 'Fn::GetAtt' || dot < 0) return text;
  return [text.slice(0, dot), text.slice(dot + 1)];
}

function wrap(name: string, value: YAMLMap.Parsed | YAMLSeq.Parsed): YAMLMap {
  const map = new YAMLMap();
  map.items.push(new Pair(new Scalar(name), value));
  return map;
}
