/** What an acknowledged record left: marks, versions, states. */
import type { Mutant } from './mutant';

const COMMIT = 'layers/core/src/commit/commit-group.ts';
const DRAFT = 'layers/core/src/commit/draft.ts';
const CODEC = 'layers/core/src/fold/codec.ts';
const CONSUMER = 'functions/stream-consumer/stream-consumer.ts';
const ONE_MARK = "const ONE = 'stream/one';";

export const COMMIT_MUTANTS: readonly Mutant[] = [
  {
    name: 'no version condition on the commit',
    rule: 'commit',
    patches: [
      {
        file: COMMIT,
        find: "      ? { kind: 'absent' }\n      : { kind: 'equals', attribute: 'ver', value: loadedVersion },",
        put: '      ? undefined\n      : undefined,',
      },
    ],
  },
  {
    name: 'no high-water mark',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: 'if (mark !== null && isAtOrBelow(entry.sequence, entry.sub, mark)) {',
        put: 'if (mark !== null && isAtOrBelow(entry.sequence, entry.sub, mark) && Number.isNaN(0)) {',
      },
    ],
  },
  {
    name: 'one mark for all shards',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: 'let mark = state.marks.get(source) ?? null;',
        put: `${ONE_MARK}\n  let mark = state.marks.get(ONE) ?? null;`,
      },
      {
        file: DRAFT,
        find: 'if (mark !== null) state.marks.set(source, mark);',
        put: 'if (mark !== null) state.marks.set(ONE, mark).set(source, mark);',
      },
    ],
  },
  {
    name: 'the mark is not raised by late records',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: '    mark = markOf(entry, mark);',
        put: '    if (draft.outputs.quarantine.at(-1)?.sequence !== entry.sequence) mark = markOf(entry, mark);',
      },
    ],
  },
  {
    name: 'the mark is not raised by duplicates',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: '    try {\n      foldEntry(',
        put: '    const { duplicate } = draft.counted;\n    try {\n      foldEntry(',
      },
      {
        file: DRAFT,
        find: '    mark = markOf(entry, mark);',
        put: '    if (draft.counted.duplicate === duplicate) mark = markOf(entry, mark);',
      },
    ],
  },
  {
    name: 'marks of other shards are dropped',
    rule: 'commit',
    patches: [
      {
        file: CODEC,
        find: 'if (arrivalMs > mark.arrivalMs + retentionMs + MARK_MARGIN_MS) marks.delete(shard);',
        put: 'if (arrivalMs > mark.arrivalMs + 0 * (retentionMs + MARK_MARGIN_MS)) marks.delete(shard);',
      },
    ],
  },
  {
    name: 'goes on after the first failure of a key',
    rule: 'commit',
    patches: [
      {
        file: CONSUMER,
        find: 'if (first === null || failure.at < first.at) first = failure;',
        put: 'if (first === null || failure.at > first.at) first = failure;',
      },
    ],
  },
  {
    name: 'states of newer code are overwritten',
    rule: 'versions',
    patches: [
      {
        file: CODEC,
        find: "typeof item.v !== 'number' || item.v > STATE_VERSION",
        put: "typeof item.v !== 'number'",
      },
    ],
  },
  {
    name: 'states are cached across invocations',
    rule: 'commit',
    patches: [
      {
        file: CONSUMER,
        find: 'return await ports.state.getMany(groups.map((group) => stateKey(group.key)));',
        put: 'const cache = ((ports as unknown as { cache?: Map<string, Item | undefined> }).cache ??= new Map());\n    const keys = groups.map((group) => stateKey(group.key));\n    const items = await ports.state.getMany(keys);\n    return keys.map(({ pk, sk }, at) => {\n      const name = [pk, sk].join();\n      if (!cache.has(name)) cache.set(name, items[at]);\n      return cache.get(name);\n    });',
      },
    ],
  },
  {
    name: 'the mark does not know its place in an aggregate',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: 'return { sequence: entry.sequence, sub: entry.sub, arrivalMs };',
        put: 'return { sequence: entry.sequence, sub: 0, arrivalMs };',
      },
    ],
  },
  {
    name: 'only the first of an aggregate counts',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: 'return { sequence: entry.sequence, sub: entry.sub, arrivalMs };',
        put: 'return { sequence: entry.sequence, sub: 1e9, arrivalMs };',
      },
    ],
  },
];
