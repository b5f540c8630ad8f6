import type { Path } from './document';
import type { Resolver } from './resolver';

/** Typed access to a map of properties, each resolved when it is read. */
export class Properties {
  readonly path: Path;
  private readonly values: Readonly<Record<string, unknown>>;
  private readonly resolver: Resolver;

  constructor(values: unknown, path: Path, resolver: Resolver) {
    const resolved = isIntrinsic(values) ? resolver.resolve(values, path) : values;
    if (resolved !== undefined && (typeof resolved !== 'object' || resolved === null)) {
      resolver.fail('expected a map of properties', path);
    }
    this.values = (resolved ?? {}) as Record<string, unknown>;
    this.path = path;
    this.resolver = resolver;
  }

  get names(): string[] {
    return Object.keys(this.values);
  }

  /** Resolved; undefined when absent or AWS::NoValue. */
  any(name: string): unknown {
    const value = this.values[name];
    return value === undefined ? undefined : this.resolver.resolve(value, [...this.path, name]);
  }

  text(name: string): string | null {
    const value = this.any(name);
    if (value === undefined || value === null) return null;
    if (typeof value === 'object') return this.fail(name, 'expected a string');
    return String(value);
  }

  requiredText(name: string): string {
    return this.text(name) ?? this.fail(name, 'is required');
  }

  integer<T>(name: string, [min, max]: readonly [number, number], absent: T): number | T {
    const text = this.text(name);
    if (text === null) return absent;
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
      return this.fail(name, `expected an integer from ${min} to ${max}, got "${text}"`);
    }
    return value;
  }

  flag(name: string, absent: boolean): boolean {
    const text = this.text(name);
    if (text === null) return absent;
    if (text !== 'true' && text !== 'false') {
      return this.fail(name, `expected true or false, got "${text}"`);
    }
    return text === 'true';
  }

  list(name: string): unknown[] {
    const value = this.any(name) ?? [];
    return Array.isArray(value) ? value : this.fail(name, 'expected a list');
  }

  map(name: string): Properties {
    return new Properties(this.values[name], [...this.path, name], this.resolver);
  }

  has(name: string): boolean {
    return this.any(name) !== undefined;
  }

  fail(name: string, problem: string): never {
    return this.resolver.fail(problem, [...this.path, name]);
  }
}

/** A whole map may be chosen by Fn::If. */
function isIntrinsic(values: unknown): boolean {
  if (typeof values !== 'object' || values === null) return false;
  const [name, ...others] = Object.keys(values);
  return others.length === 0 && name !== undefined && /^(Ref$|Fn::)/.test(name);
}
