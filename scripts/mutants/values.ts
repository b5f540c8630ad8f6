/** What a value is: identities keep their digits. */
import type { Mutant } from './mutant';

const INTEGERS = 'tests/unit/cli/replay/large-integers.test.ts';

export const VALUES_MUTANTS: readonly Mutant[] = [
  {
    name: 'long integers of records lose digits',
    rule: 'values',
    test: INTEGERS,
    patches: [
      {
        file: 'adapters/src/kinesis/decode.ts',
        find: 'record = parseJson(text);',
        put: 'record = JSON.parse(text);',
      },
    ],
  },
  {
    name: 'long integers of match lose digits',
    rule: 'values',
    test: INTEGERS,
    patches: [
      {
        file: 'layers/core/src/pipeline/parse.ts',
        find: 'parseWith(parseJson(json), options, problems)',
        put: 'parseWith(JSON.parse(json), options, problems)',
      },
    ],
  },
  {
    name: 'the first dedupe keys of a window are remembered, not the latest',
    rule: 'values',
    patches: [
      {
        file: 'layers/core/src/fold/fold.ts',
        find: '  for (const oldest of keys) {\n    keys.delete(oldest);\n    break;\n  }\n',
        put: '  keys.delete(key);\n',
      },
    ],
  },
  {
    name: 'what a window forgets is not counted',
    rule: 'values',
    patches: [
      {
        file: 'layers/core/src/fold/fold.ts',
        find: '  state.counters.dedupeOverflow++;\n',
        put: '',
      },
    ],
  },
  {
    name: 'a forecast of redrive forgets what the records before it do',
    rule: 'values',
    test: 'tests/unit/cli/redrive.test.ts',
    patches: [{ file: 'cli/src/redrive/redrive.ts', find: '      seen.keep?.();\n', put: '' }],
  },
];
