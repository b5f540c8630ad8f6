import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * Who may import whom. Read from the sources themselves: type-only imports count too, because a type
 * from above ties a part to it as firmly as a value.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  transforms: ['core'],
  adapters: ['core'],
  functions: ['adapters', 'core', 'transforms', 'pipeline'],
  engine: ['core'],
  cli: ['engine', 'adapters', 'functions', 'core', 'transforms', 'pipeline'],
};

const FOLDERS: Readonly<Record<string, string>> = {
  core: 'layers/core/src',
  transforms: 'transforms',
  adapters: 'adapters/src',
  functions: 'functions',
  engine: 'engine/src',
  cli: 'cli/src',
};

interface Import {
  readonly from: string;
  readonly specifier: string;
  /** A file of the repository, or null for a package or a Node builtin. */
  readonly to: string | null;
  readonly isType: boolean;
}

const files = Object.values(FOLDERS).flatMap((folder) =>
  (existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [])
    .filter((path) => /\.(ts|mts)$/.test(path))
    .map((path) => join(folder, path)),
);
const imports = files.flatMap(importsOf);

/** Static, re-exporting, dynamic and type imports; what comments say does not count. */
function importsOf(from: string): Import[] {
  const source = codeOf(from);
  const patterns = [
    /^\s*(?:import|export)\s(?<type>type\s)?(?:[^'"`;]*?\sfrom\s+)?['"](?<specifier>[^'"]+)['"]/gm,
    /\b(?:import|require)\(\s*['"`](?<specifier>[^'"`]+)['"`]/g,
  ];
  return patterns
    .flatMap((pattern) => [...source.matchAll(pattern)])
    .map(({ groups }) => {
      const specifier = groups?.specifier ?? '';
      return { from, specifier, to: targetOf(from, specifier), isType: groups?.type !== undefined };
    });
}

function codeOf(file: string): string {
  return readFileSync(file, 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
}

function targetOf(from: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return fileOf(normalize(join(dirname(from), specifier)));
  const own = /^@millrace\/(\w+)(?:\/(.+))?$/.exec(specifier);
  if (!own) return null;
  return fileOf(join(FOLDERS[own[1] as string] ?? (own[1] as string), own[2] ?? 'index'));
}

function fileOf(path: string): string {
  // An output file's name stands for its source: functions/stream-consumer/quarantine-bucket.ts.
  const candidates = [`${path}.ts`, path, path.replace(/\.js$/, '.ts'), join(path, 'index.ts')];
  return candidates.find((file) => existsSync(file) && statSync(file).isFile()) ?? path;
}

function partOf(file: string): string {
  if (file === 'pipeline.json') return 'pipeline';
  return Object.keys(FOLDERS).find((part) => file.startsWith(`${FOLDERS[part]}/`)) ?? file;
}

const shown = ({ from, specifier }: Import) => `${from} imports ${specifier}`;

describe('import direction', () => {
  test('the scan sees every part, and imports in each', () => {
    const parts = new Set(imports.map(({ from }) => partOf(from)));

    expect([...parts].sort()).toEqual(
      expect.arrayContaining(['adapters', 'cli', 'core', 'engine', 'functions']),
    );
  });

  test.each(Object.entries(ALLOWED))('%s imports only from: %s', (part, allowed) => {
    const wrong = imports
      .filter(({ from, to }) => partOf(from) === part && to !== null)
      .filter(({ to }) => ![part, ...allowed].includes(partOf(to as string)));

    expect(wrong.map(shown)).toEqual([]);
  });

  test.each<[string, readonly string[]]>([
    ['core', ['node:crypto']],
    ['transforms', []],
  ])('%s imports no package, and of Node only: %s', (part, builtins) => {
    const outside = imports
      .filter(({ from, to }) => partOf(from) === part && to === null)
      .filter(({ specifier }) => !builtins.includes(specifier));

    expect(outside.map(shown)).toEqual([]);
  });

  test('the engine and the core know no cloud SDK and no Powertools', () => {
    const cloud = imports.filter(
      ({ from, specifier }) =>
        ['core', 'engine'].includes(partOf(from)) &&
        /^@(aws-sdk|aws-lambda-powertools|smithy)\//.test(specifier),
    );

    expect(cloud.map(shown)).toEqual([]);
  });

  test('one function does not import from another: what they share is in adapters or core', () => {
    const crossing = imports.filter(
      ({ from, to }) =>
        /^functions\//.test(from) &&
        /^functions\//.test(to ?? '') &&
        folder(from) !== folder(to ?? ''),
    );

    expect(crossing.map(shown)).toEqual([]);
  });

  test('every import of our own names a file that exists', () => {
    // transforms/<name>.ts is chosen when it is loaded.
    const lost = imports.filter(({ to }) => to !== null && !to.includes('${') && !existsSync(to));

    expect(lost.map(shown)).toEqual([]);
  });

  test('the core takes nothing of the crypto module but digests, in one file', () => {
    const users = imports.filter(({ from, specifier }) => {
      return partOf(from) === 'core' && specifier === 'node:crypto';
    });

    expect(users.map(({ from }) => from)).toEqual(['layers/core/src/record/sha256.ts']);
    expect(readFileSync('layers/core/src/record/sha256.ts', 'utf8')).toContain(
      "import { createHash } from 'node:crypto';",
    );
  });

  test('the core reads no clock, no randomness and nothing of its host', () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bBuffer\b|\bprocess\.|\bperformance\.|\bset(?:Timeout|Interval|Immediate)\b|\bcrypto\b(?!')/;
    const offenders = files.filter((file) => partOf(file) === 'core' && impure.test(codeOf(file)));

    expect(offenders).toEqual([]);
  });

  test('there are no cycles', () => expect(firstCycle()).toEqual([]));
});

function folder(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

/** A type may refer back without harm at run time; a cycle of values is one of initialisation order. */
function firstCycle(): string[] {
  const edges = new Map<string, string[]>();
  for (const { from, to, isType } of imports) {
    if (to !== null && !isType) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of files) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
