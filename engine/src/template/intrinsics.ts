import type { Path } from './document';
import type { Resolver } from './resolver';

type Intrinsic = (argument: unknown, path: Path, resolver: Resolver) => unknown;

/** CloudFormation's functions by their long name. */
export const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, path, resolver) => resolver.ref(String(name), path),

  'Fn::GetAtt': (argument, path, resolver) => {
    const [logicalId, ...attribute] = Array.isArray(argument)
      ? argument
      : String(argument).split('.');
    const name = attribute.map((part) => resolver.deep(part, path)).join('.');
    if (name === '') return resolver.fail('expected a resource and an attribute', path);
    return resolver.attribute(String(logicalId), name, path);
  },

  'Fn::Sub': (argument, path, resolver) => {
    const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
    if (typeof text !== 'string') return resolver.fail('expected a string', path);
    const variables = resolver.deep(own ?? {}, path) as Record<string, unknown>;
    return text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      return String(variables[name.trim()] ?? substitute(name.trim(), path, resolver));
    });
  },

  'Fn::If': (argument, path, resolver) => {
    const [name, whenTrue, whenFalse] = list(argument, path, resolver, 3);
    const index = resolver.condition(String(name), path) ? 1 : 2;
    return resolver.deep(index === 1 ? whenTrue : whenFalse, [...path, index]);
  },

  'Fn::Join': (argument, path, resolver) => {
    const [separator, items] = list(argument, path, resolver, 2);
    const resolved = resolver.deep(items, [...path, 1]);
    if (!Array.isArray(resolved)) return resolver.fail('expected a list to join', path);
    return resolved.map(String).join(String(separator));
  },

  'Fn::Split': (argument, path, resolver) => {
    const [separator, text] = list(argument, path, resolver, 2);
    return String(resolver.deep(text, [...path, 1])).split(String(separator));
  },

  'Fn::Select': (argument, path, resolver) => {
    const [index, items] = list(argument, path, resolver, 2).map((part, place) =>
      resolver.deep(part, [...path, place]),
    );
    const item = Array.isArray(items) ? (items as unknown[])[Number(index)] : undefined;
    return item ?? resolver.fail(`there is no item ${String(index)} to select`, path);
  },

  'Fn::FindInMap': (argument, path, resolver) => {
    const [map, first, second] = list(argument, path, resolver, 3).map((part, place) =>
      String(resolver.deep(part, [...path, place])),
    ) as [string, string, string];
    const found = resolver.mapping(map, first, second);
    return found ?? resolver.fail(`mapping ${map} has no ${first}.${second}`, path);
  },

  'Fn::Base64': (argument, path, resolver) =>
    Buffer.from(String(resolver.deep(argument, path)), 'utf8').toString('base64'),

  'Fn::ImportValue': (argument, path, resolver) =>
    resolver.fail(
      `Fn::ImportValue ${JSON.stringify(argument)} needs another stack, which does not exist locally; give the value as a parameter`,
      path,
    ),
};

function substitute(name: string, path: Path, resolver: Resolver): unknown {
  const dot = name.indexOf('.');
  if (dot < 0) return resolver.ref(name, path);
  return resolver.attribute(name.slice(0, dot), name.slice(dot + 1), path);
}

function list(argument: unknown, path: Path, resolver: Resolver, length: number): unknown[] {
  if (Array.isArray(argument) && argument.length === length) return argument;
  return resolver.fail(`expected a list of ${length}`, path);
}
