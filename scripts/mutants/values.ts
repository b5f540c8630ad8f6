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
];
