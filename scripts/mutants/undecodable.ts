/** A spoilt state parks the records of its own series, once; nothing else stops, nothing is overwritten. */
import type { Mutant } from './mutant';

const TEST = 'tests/unit/functions/stream-consumer/undecodable.test.ts';

export const UNDECODABLE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a state that cannot be decoded fails its batch',
    rule: 'undecodable states',
    test: TEST,
    patches: [
      {
        file: 'layers/core/src/commit/commit-group.ts',
        find: 'if (error instanceof UndecodableStateError) {',
        put: 'if (error instanceof UndecodableStateError && progress.at < 0) {',
      },
    ],
  },
  {
    name: 'parked records count at every delivery',
    rule: 'undecodable states',
    test: TEST,
    patches: [
      {
        file: 'layers/core/src/commit/park.ts',
        find: "tally[isNew ? 'invalid' : 'redelivered'] += entries.length;",
        put: 'tally.invalid += entries.length;',
      },
    ],
  },
  {
    name: 'parked records are not in the accounting',
    rule: 'undecodable states',
    test: TEST,
    patches: [
      {
        file: 'layers/core/src/quarantine/entry.ts',
        find: 'group, options), invalid: refused.count };',
        put: 'group, options), invalid: refused.count * 0 };',
      },
    ],
  },
  {
    name: 'the fold meets a detector that is none',
    rule: 'undecodable states',
    test: TEST,
    patches: [
      {
        file: 'layers/core/src/stored/decode-state.ts',
        find: "if (definition?.detector?.accepts(detector) === false) throw malformed('d');",
        put: '',
      },
    ],
  },
  {
    name: 'a line names the series itself',
    rule: 'undecodable states',
    test: 'tests/unit/functions/no-secrets.test.ts',
    patches: [
      {
        file: 'functions/stream-consumer/report.ts',
        find: '.map(({ key }) => seriesHash(stateKey(key))),',
        put: '.map(({ key }) => (seriesHash(stateKey(key)), key.series)),',
      },
    ],
  },
];
