/** Records without a partition key: what stands in for the mark. */
import type { Mutant } from './mutant';

const MARKS = 'layers/core/src/commit/marks.ts';
const WINDOW = 'layers/core/src/commit/seen-window.ts';
const WINDOW_TEST = 'tests/unit/core/commit/seen-window.test.ts';
const CONSUMER_TEST = 'tests/unit/functions/stream-consumer/unkeyed.test.ts';

export const UNKEYED_MUTANTS: readonly Mutant[] = [
  {
    name: 'a plain mark for records without a key',
    rule: 'unkeyed',
    test: CONSUMER_TEST,
    patches: [
      {
        file: MARKS,
        find: 'this.#seen = isUnkeyed(name) ? new SeenWindow(this.#mark) : null;',
        put: 'this.#seen = isUnkeyed(name) && name === null ? new SeenWindow(this.#mark) : null;',
      },
    ],
  },
  {
    name: 'a record below the floor counts as new',
    rule: 'unkeyed',
    test: WINDOW_TEST,
    patches: [
      {
        file: WINDOW,
        find: 'return isAtOrBelow(sequence, sub, this.#floor);',
        put: 'return isAtOrBelow(sequence, sub, NO_FLOOR) && this.#floor !== NO_FLOOR;',
      },
    ],
  },
  {
    name: 'the floor does not rise to the highest that was forgotten',
    rule: 'unkeyed',
    test: WINDOW_TEST,
    patches: [
      {
        file: WINDOW,
        find: 'const { sequence, sub } = isHigher ? part : floor;',
        put: 'const { sequence, sub } = isHigher && part.sub < 0 ? part : floor;',
      },
    ],
  },
  {
    name: 'the hash does not know the place in an aggregate',
    rule: 'unkeyed',
    test: WINDOW_TEST,
    patches: [
      {
        file: WINDOW,
        find: 'export function seenHash({ sequence, sub }: Place): string {\n',
        put: 'export function seenHash({ sequence, sub: at }: Place): string {\n  const sub = at * 0;\n',
      },
    ],
  },
  {
    name: 'a record without a key has none',
    rule: 'unkeyed',
    test: CONSUMER_TEST,
    patches: [
      {
        file: 'functions/stream-consumer/event-record.ts',
        find: 'return kinesis.partitionKey ?? UNKEYED;',
        put: 'return kinesis.partitionKey as string;',
      },
    ],
  },
  {
    name: 'what no stream takes stops a redrive',
    rule: 'unkeyed',
    test: 'tests/unit/cli/redrive.test.ts',
    patches: [
      {
        file: 'cli/src/redrive/redrive.ts',
        find: "if (reasons.includes('key') || !isPartitionKey(partitionKey)) {",
        put: "if (reasons.includes('key') && partitionKey === '') {",
      },
    ],
  },
  {
    name: 'a state that all lanes write is tried three times',
    rule: 'unkeyed',
    test: CONSUMER_TEST,
    patches: [
      {
        file: 'layers/core/src/commit/commit-group.ts',
        find: 'const UNKEYED_TRIES_MAX = 16;',
        put: 'const UNKEYED_TRIES_MAX = 3;',
      },
    ],
  },
];
