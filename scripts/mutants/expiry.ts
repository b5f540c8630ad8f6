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
      { file: FOLD, find: '  makeRoom(context);\n', put: '' },
      {
        file: DRAFT,
        find: '  marks.flush();\n',
        put: '  marks.flush();\n  makeRoom(context);\n',
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
        find: 'for (const window of state.windows.values()) {\n    if (bytes <= room',
        put: 'for (const window of [...state.windows.values()].reverse()) {\n    if (bytes <= room',
      },
    ],
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
