/** What one record can cost: numbers of docs/reference/limits.md. */
import type { Mutant } from './mutant';

const RECORD = 'layers/core/src/record';
const TEXTS_TEST = 'tests/unit/core/record/long-texts.test.ts';
const AGGREGATE = 'adapters/src/kinesis/aggregate.ts';
const DECODE_TEST = 'tests/unit/adapters/kinesis-decode.test.ts';
const REFUSALS = 'layers/core/src/quarantine/refusals.ts';
const REFUSALS_TEST = 'tests/unit/core/quarantine/refusals.test.ts';

const without = (name: string, test: string, [file, find, put]: [string, string, string]) => ({
  ...{ name, rule: 'bounds', test },
  patches: [{ file, find, put }],
});

export const BOUNDS_MUTANTS: readonly Mutant[] = [
  without('a series is escaped before its length is asked', TEXTS_TEST, [
    `${RECORD}/series-name.ts`,
    '    if (isTooLong(value)) return null;\n',
    '',
  ]),
  without('aggregates get texts of any length', TEXTS_TEST, [
    `${RECORD}/input-text.ts`,
    'text.length <= INPUT_UNITS_MAX',
    'text.length <= 1e9 * INPUT_UNITS_MAX',
  ]),
  without('texts of any length are read as numbers', TEXTS_TEST, [
    `${RECORD}/json-number.ts`,
    'text.length <= NUMBER_UNITS_MAX',
    'text.length <= 1e9 * NUMBER_UNITS_MAX',
  ]),
  without('texts of any length are read as times', TEXTS_TEST, [
    `${RECORD}/event-time.ts`,
    '  if (text.length > TIME_UNITS_MAX) return Number.NaN;\n',
    '',
  ]),
  without('a long text is hashed for every output of its record', TEXTS_TEST, [
    `${RECORD}/sha256.ts`,
    '  remembered.set(text, made);\n',
    '',
  ]),
  without('integers keep any number of digits', 'tests/unit/core/json/parse-json.test.ts', [
    'layers/core/src/json/large-integer.ts',
    'export const INTEGER_DIGITS_MAX = 256;',
    'export const INTEGER_DIGITS_MAX = 2_000_000;',
  ]),
  without('an aggregate has any number of user records', DECODE_TEST, [
    AGGREGATE,
    'records > AGGREGATE_RECORDS_MAX ?',
    'records > 1e9 * AGGREGATE_RECORDS_MAX ?',
  ]),
  without('partition keys in aggregates are any text', DECODE_TEST, [
    AGGREGATE,
    'to - from <= KEY_BYTES_MAX && isPartitionKey(partitionKey);',
    'to - from <= KEY_BYTES_MAX;',
  ]),
  without('an entry of the quarantine names every metric', REFUSALS_TEST, [
    REFUSALS,
    'this.#namesBytes + bytes > NAMES_BYTES_MAX',
    'this.#namesBytes + bytes > 1e9 * NAMES_BYTES_MAX',
  ]),
  without('an entry of the quarantine lists every sub-record', REFUSALS_TEST, [
    REFUSALS,
    'if (this.#spansBytes > SPANS_BYTES_MAX)',
    'if (this.#spansBytes > 1e9 * SPANS_BYTES_MAX)',
  ]),
  without(
    'each user record of an aggregate has the time of a whole one',
    'tests/unit/functions/stream-consumer/hanging-transform.test.ts',
    [
      `${RECORD}/expand-within.ts`,
      'this.#leftMs -= this.#limit.nowMs() - startMs;',
      'this.#leftMs -= 0 * (this.#limit.nowMs() - startMs);',
    ],
  ),
  without('a line of a recording has any length', 'tests/unit/cli/recording/read-refused.test.ts', [
    'cli/src/recording/read.ts',
    'if (line.length > LINE_BYTES_MAX) {',
    'if (line.length > 1e9 * LINE_BYTES_MAX) {',
  ]),
  without(
    'refused bytes of any size lie in a table',
    'tests/unit/functions/stream-consumer/refused.test.ts',
    [
      'layers/core/src/quarantine/bytes.ts',
      '  if (bytes.length <= INLINE_BYTES_MAX) {',
      '  if (bytes.length <= 1e9 * INLINE_BYTES_MAX) {',
    ],
  ),
  without(
    'bytes that S3 did not take are one item, whatever their size',
    'tests/unit/functions/stream-consumer/refused.test.ts',
    [
      'layers/core/src/quarantine/bytes.ts',
      'export const CHUNK_BYTES_MAX = 262_144;',
      'export const CHUNK_BYTES_MAX = 1_048_576;',
    ],
  ),
  without(
    'a record above the payload of an event is handed over',
    'tests/unit/engine/kinesis-batch.test.ts',
    [
      'engine/src/kinesis/lane.ts',
      'if (batch.deliveries.some(({ record }) => isOversize(record))) {',
      'if (batch.deliveries.every(({ record }) => isOversize(record) && record === null)) {',
    ],
  ),
];
