/** What an acknowledged record left: marks, versions, states. */
import type { Mutant } from './mutant';

const COMMIT = 'layers/core/src/commit/commit-group.ts';
const DRAFT = 'layers/core/src/commit/draft.ts';
const CODEC = 'layers/core/src/fold/codec.ts';
const CONSUMER = 'functions/stream-consumer/stream-consumer.ts';
const MARKS = 'layers/core/src/commit/marks.ts';

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
        find: 'if (marks.holds(entry) || options.refused.has(entry)) {',
        put: 'if (options.refused.has(entry)) {',
      },
    ],
  },
  {
    name: 'one mark for all shards',
    rule: 'commit',
    patches: [
      {
        file: MARKS,
        find: 'const name = entry.mark ?? this.#ofShard;',
        put: "const name = entry.mark ?? 'stream/one';",
      },
      {
        file: MARKS,
        find: 'this.#state.marks.set(this.#name, mark);',
        put: 'this.#state.marks.set(this.#name, mark).set(this.#ofShard, mark);',
      },
    ],
  },
  {
    name: 'the mark is not raised by late records',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: '    }\n    marks.raise(entry);',
        put: '    }\n    if (draft.outputs.quarantine.at(-1)?.sequence !== entry.sequence) marks.raise(entry);',
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
        find: '    }\n    marks.raise(entry);',
        put: '    }\n    if (draft.counted.duplicate === duplicate) marks.raise(entry);',
      },
    ],
  },
  {
    name: 'marks of other shards are dropped',
    rule: 'commit',
    patches: [
      {
        file: CODEC,
        find: 'if (arrivalMs > mark.arrivalMs + retentionMs + MARK_MARGIN_MS) marks.delete(name);',
        put: 'if (arrivalMs > mark.arrivalMs + 0 * (retentionMs + MARK_MARGIN_MS)) marks.delete(name);',
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
        file: 'layers/core/src/stored/decode-state.ts',
        find: "typeof v === 'number' && v > STATE_VERSION",
        put: "typeof v !== 'number'",
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
        file: MARKS,
        find: 'this.#mark = { sequence, sub, arrivalMs: newestMs };',
        put: 'this.#mark = { sequence, sub: sub * 0, arrivalMs: newestMs };',
      },
    ],
  },
  {
    name: 'only the first of an aggregate counts',
    rule: 'commit',
    patches: [
      {
        file: MARKS,
        find: 'this.#mark = { sequence, sub, arrivalMs: newestMs };',
        put: 'this.#mark = { sequence, sub: sub + 1e9, arrivalMs: newestMs };',
      },
    ],
  },
];
