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
    name: 'aggregates take numbers written as texts for texts',
    rule: 'values',
    test: 'tests/unit/core/record/measure.test.ts',
    patches: [
      {
        file: 'layers/core/src/record/measure.ts',
        find: 'inputs.push(compiled.coerce ? coerced(text) : text);',
        put: 'inputs.push(text);',
      },
    ],
  },
  {
    name: 'a record of any past is folded',
    rule: 'time',
    test: 'tests/unit/core/record/measure.test.ts',
    patches: [
      {
        file: 'layers/core/src/record/measure.ts',
        find: 'eventMs < arrivalMs - metric.maxPastSkewMs',
        put: 'eventMs < 0 * metric.maxPastSkewMs',
      },
    ],
  },
  {
    name: 'a record of any future is folded',
    rule: 'time',
    test: 'tests/unit/core/record/measure.test.ts',
    patches: [
      {
        file: 'layers/core/src/record/measure.ts',
        find: 'eventMs > arrivalMs + metric.maxFutureSkewMs',
        put: 'eventMs > 1e15 + arrivalMs + metric.maxFutureSkewMs',
      },
    ],
  },
  {
    name: 'a series under a key for each record goes unnoticed',
    rule: 'values',
    test: 'tests/unit/functions/stream-consumer/spread-series.test.ts',
    patches: [
      {
        file: 'functions/stream-consumer/spread-series.ts',
        find: 'keys === PARTITION_KEYS_FEW + 1',
        put: 'keys === 1e9 * PARTITION_KEYS_FEW',
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
