import type { Path, TemplateDocument } from './document';

/** What AWS::NoValue becomes: the property that holds it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue');

/** Turns template data into plain values: parameters, conditions and functions replaced. */
export interface Resolver {
  /** `undefined` stands for AWS::NoValue. @throws TemplateError at what cannot be resolved */
  resolve(value: unknown, path: Path): unknown;
  /** The same, but the symbol NO_VALUE when the whole is AWS::NoValue: for functions within functions. */
  deep(value: unknown, path: Path): unknown;
  condition(name: string, path: Path): boolean;
  ref(name: string, path: Path): unknown;
  attribute(logicalId: string, attribute: string, path: Path): string;
  mapping(map: string, first: string, second: string): unknown;
  fail: TemplateDocument['fail'];
}
