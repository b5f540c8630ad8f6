/** What happens when a series has met more shards than it keeps marks of. */
import type { Mutant } from './mutant';

const COMMIT = 'layers/core/src/commit/commit-group.ts';
const DRAFT = 'layers/core/src/commit/draft.ts';
const MARKS = 'layers/core/src/commit/marks.ts';
const TEST = 'tests/property/full-marks.property.test.ts';
const CODEC = 'layers/core/src/fold/codec.ts';
const CODEC_TEST = 'tests/unit/core/fold/codec.test.ts';
const LOOK_UP = '  const refused = await refusedBefore(ports, group, state);\n';
const WRITE_AGAIN =
  '  if (state.outbox !== null && mustWriteAgain(state.outbox, state, group)) {\n';

export const MARKS_MUTANTS: readonly Mutant[] = [
  {
    name: 'a shard too many is folded without a mark',
    rule: 'marks',
    test: TEST,
    patches: [
      { file: DRAFT, find: '      refuseUnmarked(draft, entry);\n', put: '' },
      {
        file: DRAFT,
        find: '      draft.changed = true;\n      continue;\n    }\n    try {\n',
        put: '    }\n    try {\n',
      },
      {
        file: MARKS,
        find: '    this.#state.marks.set(this.#name, mark);\n',
        put: '    if (this.#state.marks.has(this.#name) || this.#state.marks.size < 3)\n      this.#state.marks.set(this.#name, mark);\n',
      },
    ],
  },
  {
    name: 'the index is not asked for a shard without a mark',
    rule: 'marks',
    test: TEST,
    patches: [
      {
        file: MARKS,
        find: '  if (state.refusedMs === null) return new Set();',
        put: '  if (state.refusedMs !== Number.NaN) return new Set();',
      },
    ],
  },
  {
    name: 'the index is asked before the old outbox is written',
    rule: 'marks',
    test: TEST,
    patches: [
      { file: COMMIT, find: LOOK_UP, put: '' },
      { file: COMMIT, find: WRITE_AGAIN, put: `${LOOK_UP}${WRITE_AGAIN}` },
    ],
  },
  {
    name: 'a refusal is forgotten with the next record',
    rule: 'marks',
    test: TEST,
    patches: [
      {
        file: MARKS,
        find: 'arrivalMs > refusedMs + retentionMs + MARK_MARGIN_MS',
        put: 'arrivalMs > refusedMs + 0 * (retentionMs + MARK_MARGIN_MS)',
      },
    ],
  },
  {
    name: 'a refusal is forgotten without a margin',
    rule: 'marks',
    test: CODEC_TEST,
    patches: [{ file: MARKS, find: 'retentionMs + MARK_MARGIN_MS', put: 'retentionMs' }],
  },
  {
    name: 'older code may rewrite a state that refused',
    rule: 'marks',
    test: CODEC_TEST,
    patches: [
      {
        file: CODEC,
        find: 'return refusedMs === null ? PLAIN_VERSION : REFUSED_VERSION;',
        put: 'return refusedMs === 0 ? REFUSED_VERSION : PLAIN_VERSION;',
      },
    ],
  },
  {
    name: 'time to live ignores what was refused',
    rule: 'marks',
    test: CODEC_TEST,
    patches: [
      {
        file: CODEC,
        find: 'const keptMs = newestArrivalMs(state) + ',
        put: 'const keptMs = (state.lastArrivalMs ?? -Infinity) + ',
      },
    ],
  },
];
