/** Aggregates of several carriers in lanes of their own: whose mark covers what. */
import type { Mutant } from './mutant';

const COMMIT = 'layers/core/src/commit/commit-group.ts';
const MARKS = 'layers/core/src/commit/marks.ts';
const CODEC = 'layers/core/src/fold/codec.ts';
const TEST = 'tests/property/carriers.property.test.ts';
const SWEEPER_TEST = 'tests/unit/functions/stream-sweeper.test.ts';
const CODEC_TEST = 'tests/unit/core/fold/codec.test.ts';

export const CARRIERS_MUTANTS: readonly Mutant[] = [
  {
    name: 'one mark for all carriers of a shard',
    rule: 'carriers',
    test: TEST,
    patches: [
      {
        file: MARKS,
        find: 'const name = entry.mark ?? this.#ofShard;',
        put: 'const name = this.#ofShard;',
      },
    ],
  },
  {
    name: 'an outbox passes for written whoever comes next',
    rule: 'carriers',
    test: TEST,
    patches: [
      {
        file: COMMIT,
        find: 'if (outboxMark !== only || mark === undefined) return true;',
        put: 'if (outboxMark === Number.NaN.toString() || mark === undefined) return true;',
      },
    ],
  },
  {
    name: 'a mark from before carriers does not cover them',
    rule: 'carriers',
    test: CODEC_TEST,
    patches: [
      {
        file: 'layers/core/src/stored/decode-state.ts',
        find: 'marks: body.k === undefined ? inheritMarks(marks) : marks,',
        put: 'marks: body.k === undefined ? new Map([...inheritMarks(marks)].slice(0, marks.size)) : marks,',
      },
    ],
  },
  {
    name: 'a tick overtakes what its carrier brings',
    rule: 'carriers',
    test: SWEEPER_TEST,
    patches: [
      {
        file: 'functions/stream-sweeper/tick-entry.ts',
        find: 'if (carrier === null) return',
        put: 'if (carrier !== undefined) return',
      },
    ],
  },
  {
    name: 'one tick that cannot be put stops the others',
    rule: 'carriers',
    test: SWEEPER_TEST,
    patches: [
      {
        file: 'layers/core/src/put-takeable.ts',
        find: 'const refused = entries.filter(({ partitionKey }) => !isPartitionKey(partitionKey));',
        put: 'const refused = entries.filter(() => false);',
      },
      {
        file: 'layers/core/src/put-takeable.ts',
        find: 'const takeable = entries.filter(({ partitionKey }) => isPartitionKey(partitionKey));',
        put: 'const takeable = entries.filter(({ data }) => data.length > 0 || isPartitionKey(String()));',
      },
      {
        file: 'layers/core/src/put-takeable.ts',
        find: 'if (error instanceof BugError) return false;',
        put: 'if (error instanceof BugError && Number.isNaN(0)) return false;',
      },
    ],
  },
  {
    name: 'older code may rewrite a state with marks of carriers',
    rule: 'carriers',
    test: CODEC_TEST,
    patches: [
      {
        file: CODEC,
        find: 'if (isCarried(name, marks)) return STATE_VERSION;',
        put: 'if (isCarried(name, marks)) return PLAIN_VERSION;',
      },
    ],
  },
];
