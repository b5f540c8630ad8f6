/** How long a state lives, and what leaves it for want of room. */
import type { Mutant } from './mutant';

const DRAFT = 'layers/core/src/commit/draft.ts';
const CODEC = 'layers/core/src/fold/codec.ts';
const FOLD = 'layers/core/src/fold/fold.ts';

export const EXPIRY_MUTANTS: readonly Mutant[] = [
  {
    name: 'time to live from the last record on',
    rule: 'expiry',
    patches: [
      {
        file: CODEC,
        find: 'newestArrivalMs(state) + definition.stateTtlMs + retentionMs + TTL_MARGIN_MS;',
        put: 'newestArrivalMs(state) + 0 * (definition.stateTtlMs + retentionMs + TTL_MARGIN_MS);',
      },
    ],
  },
  {
    name: 'time to live without a margin',
    rule: 'expiry',
    patches: [
      {
        file: CODEC,
        find: 'definition.stateTtlMs + retentionMs + TTL_MARGIN_MS;',
        put: 'definition.stateTtlMs + retentionMs + 0 * TTL_MARGIN_MS;',
      },
    ],
  },
  {
    name: 'time to live while windows are open',
    rule: 'expiry',
    patches: [
      {
        file: CODEC,
        find: 'if (item.due === undefined) {',
        put: 'if (item.pk !== null) {',
      },
    ],
  },
  {
    name: 'the fold leaves expiry to DynamoDB',
    rule: 'expiry',
    seeds: { plan: 'expiry', count: 400 },
    patches: [
      {
        file: FOLD,
        find: 'const expired = gapMs > definition.stateTtlMs;',
        put: 'const expired = gapMs > definition.stateTtlMs * 1e6;',
      },
    ],
  },
  {
    name: 'windows go for want of room per batch',
    rule: 'room',
    // One seed in forty fills an item.
    seeds: { plan: 'reshard', count: 400 },
    patches: [
      { file: FOLD, find: '  makeRoom(context, arrivalMs);\n', put: '' },
      {
        file: DRAFT,
        find: '  marks.flush();\n',
        put: '  marks.flush();\n  makeRoom(context, state.lastArrivalMs ?? 0);\n',
      },
      {
        file: DRAFT,
        find: "import { fold, foldTick } from '../fold/fold';",
        put: "import { fold, foldTick } from '../fold/fold';\nimport { makeRoom } from '../fold/room';",
      },
    ],
  },
  {
    name: 'the newest window goes for want of room',
    rule: 'room',
    patches: [
      {
        file: 'layers/core/src/fold/room.ts',
        find: 'isAhead ? windows.pop() : windows.shift()',
        put: 'windows.pop()',
      },
    ],
  },
  {
    name: 'a fast clock takes all the room',
    rule: 'room',
    patches: [
      {
        file: 'layers/core/src/fold/room.ts',
        find: '<= (definition.bytes.room - idBytes) / 2',
        put: '<= 2 * (definition.bytes.room - idBytes)',
      },
    ],
    test: 'tests/unit/core/fold/room.test.ts',
  },
  {
    name: 'what a fast clock opened is scored before its time',
    rule: 'room',
    patches: [
      {
        file: 'layers/core/src/fold/publish.ts',
        find: '    window.rev = 1;\n    oweRow(outputs, window, definition);\n',
        put: '    publishFirst(context, window);\n',
      },
    ],
    test: 'tests/unit/core/fold/room.test.ts',
  },
  {
    name: 'what a fast clock opened may come again after it went',
    rule: 'room',
    patches: [
      {
        file: 'layers/core/src/fold/publish.ts',
        find: '  state.bars = addBar(state.bars, { fromMs: window.startMs, toMs: window.endMs });\n',
        put: '',
      },
    ],
    test: 'tests/unit/core/fold/room.test.ts',
  },
  {
    name: 'a fast clock sets the border of a new definition',
    rule: 'room',
    patches: [
      {
        file: 'layers/core/src/fold/epoch.ts',
        find: 'held.filter(([startMs]) => startMs <= lastMs)',
        put: 'held.filter(() => !Number.isNaN(lastMs))',
      },
    ],
    test: 'tests/unit/core/fold/room.test.ts',
  },
  {
    name: 'what went for want of room may come again',
    rule: 'room',
    patches: [
      {
        file: 'layers/core/src/fold/publish.ts',
        find: '  state.floorMs = Math.max(state.floorMs ?? window.endMs, window.endMs);\n',
        put: '',
      },
    ],
  },
];
