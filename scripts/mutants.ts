/** One protection removed: `find` must stand exactly once in `file`. */
export interface Mutant {
  readonly name: string;
  /** Where the rule is written down: section of docs/guarantees.md. */
  readonly rule: string;
  readonly patches: readonly {
    readonly file: string;
    readonly find: string;
    readonly put: string;
  }[];
  /** Seeds that take its measure, where those of all mutants are too few. */
  readonly seeds?: { readonly plan: string; readonly count: number };
  /** Why nothing but lost money shows when it is gone; such a mutant may live. */
  readonly survives?: string;
}

const CORE = 'layers/core/src';
const COMMIT = `${CORE}/commit/commit-group.ts`;
const DRAFT = `${CORE}/commit/draft.ts`;
const CODEC = `${CORE}/fold/codec.ts`;
const OUTBOX = `${CORE}/commit/outbox.ts`;
const FOLD = `${CORE}/fold/fold.ts`;
const CONSUMER = 'functions/stream-consumer/stream-consumer.ts';
const ONE_MARK = "const ONE = 'stream/one';";

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'no version condition on the commit',
    rule: 'commit',
    patches: [
      {
        file: COMMIT,
        find: "      ? { kind: 'absent' }\n      : { kind: 'equals', attribute: 'ver', value: loadedVersion },",
        put: '      ? undefined\n      : undefined,',
      },
    ],
  },
  {
    name: 'no high-water mark',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: 'if (mark !== null && isAtOrBelow(entry.sequence, entry.sub, mark)) {',
        put: 'if (mark !== null && isAtOrBelow(entry.sequence, entry.sub, mark) && Number.isNaN(0)) {',
      },
    ],
  },
  {
    name: 'one mark for all shards',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: 'let mark = state.marks.get(source) ?? null;',
        put: `${ONE_MARK}\n  let mark = state.marks.get(ONE) ?? null;`,
      },
      {
        file: DRAFT,
        find: 'if (mark !== null) state.marks.set(source, mark);',
        put: 'if (mark !== null) state.marks.set(ONE, mark).set(source, mark);',
      },
    ],
  },
  {
    name: 'the mark is not raised by late records',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: '    mark = markOf(entry, mark);',
        put: '    if (draft.outputs.quarantine.at(-1)?.sequence !== entry.sequence) mark = markOf(entry, mark);',
      },
    ],
  },
  {
    name: 'the mark is not raised by duplicates',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: '    try {\n      foldEntry(',
        put: '    const { duplicate } = draft.counted;\n    try {\n      foldEntry(',
      },
      {
        file: DRAFT,
        find: '    mark = markOf(entry, mark);',
        put: '    if (draft.counted.duplicate === duplicate) mark = markOf(entry, mark);',
      },
    ],
  },
  {
    name: 'marks of other shards are dropped',
    rule: 'commit',
    patches: [
      {
        file: CODEC,
        find: 'if (arrivalMs > mark.arrivalMs + retentionMs + MARK_MARGIN_MS) marks.delete(shard);',
        put: 'if (arrivalMs > mark.arrivalMs + 0 * (retentionMs + MARK_MARGIN_MS)) marks.delete(shard);',
      },
    ],
  },
  {
    name: 'goes on after the first failure of a key',
    rule: 'commit',
    patches: [
      {
        file: CONSUMER,
        find: 'if (first === null || failure.at < first.at) first = failure;',
        put: 'if (first === null || failure.at > first.at) first = failure;',
      },
    ],
  },
  {
    name: 'outputs before the commit',
    rule: 'outbox',
    patches: [
      {
        file: COMMIT,
        find: '  const result = await options.ports.state.put(',
        put: '  if (state.outbox !== null) await writeOutbox(options.ports, key, state.outbox);\n  const result = await options.ports.state.put(',
      },
    ],
  },
  {
    name: 'acknowledged before the outputs are written',
    rule: 'outbox',
    patches: [
      {
        file: COMMIT,
        find: '    if (draft.state.outbox !== null) await writeOutbox(ports, group.key, draft.state.outbox);',
        put: '    if (draft.state.outbox !== null)\n      await writeOutbox(ports, group.key, draft.state.outbox).catch(() => undefined);',
      },
    ],
  },
  {
    name: 'an old outbox is never written again',
    rule: 'outbox',
    patches: [
      {
        file: COMMIT,
        find: 'if (state.outbox !== null && mustWriteAgain(state, group, source)) {',
        put: 'if (state.outbox !== null && mustWriteAgain(state, group, source) && Number.isNaN(0)) {',
      },
    ],
  },
  {
    name: 'an outbox is not written again for a tick',
    rule: 'outbox',
    patches: [
      {
        file: COMMIT,
        find: 'measurement === null || isAtOrBelow(sequence, sub, mark)',
        put: 'measurement !== null && isAtOrBelow(sequence, sub, mark)',
      },
    ],
  },
  {
    name: 'no condition on rows',
    rule: 'outbox',
    patches: [
      {
        file: OUTBOX,
        find: "await ports.results.put(rowItem(key, row, outbox.version), {\n      kind: 'absentOrAtMost',\n      attribute: 'sv',\n      value: outbox.version,\n    });",
        put: 'await ports.results.put(rowItem(key, row, outbox.version));',
      },
    ],
  },
  {
    name: 'incident transitions are not create-once',
    rule: 'outbox',
    patches: [
      {
        file: OUTBOX,
        find: "await ports.results.put(item, { kind: 'absent' });",
        put: 'await ports.results.put(item);',
      },
    ],
  },
  {
    name: 'quarantine index items are not create-once',
    rule: 'quarantine',
    patches: [
      {
        file: `${CORE}/commit/quarantine.ts`,
        find: "await ports.control.put(quarantineItem(entry), { kind: 'absent' });",
        put: 'await ports.control.put(quarantineItem(entry));',
      },
    ],
  },
  {
    name: 'the index before the bytes',
    rule: 'quarantine',
    patches: [
      {
        file: COMMIT,
        find: '      await keep(ports, group, entry, refused);\n',
        put: '      void [keep, entry, refused];\n',
      },
    ],
  },
  {
    name: 'late records leave no trace',
    rule: 'quarantine',
    patches: [
      { file: DRAFT, find: "owe(draft, entry, { reason: 'late', detail });", put: 'void detail;' },
    ],
  },
  {
    name: 'the attempts counter stays when a failure is returned',
    rule: 'attempts',
    patches: [
      {
        file: CONSUMER,
        find: 'const survived = failure !== null || count > 1;',
        put: 'const survived = failure === null && count > 1;',
      },
    ],
  },
  {
    name: 'rev is raised per batch',
    rule: 'fold',
    patches: [
      {
        file: FOLD,
        find: '  window.rev++;\n',
        put: '  if (!context.outputs.rows.has(window)) window.rev++;\n',
      },
    ],
  },
  {
    name: 'idle windows are closed by ticks alone',
    rule: 'fold',
    patches: [
      {
        file: FOLD,
        find: 'gapMs >= definition.metric.idleCloseMs;',
        put: 'gapMs >= 1e15 + definition.metric.idleCloseMs;',
      },
    ],
  },
  {
    name: 'a tick carries a watermark',
    rule: 'fold',
    patches: [
      {
        file: FOLD,
        find: 'if (silentMs >= definition.metric.idleCloseMs + TICK_MARGIN_MS) closeOpenWindows(context);',
        put: 'if (silentMs >= definition.metric.idleCloseMs + TICK_MARGIN_MS) {\n    closeOpenWindows(context);\n    advanceWatermark(context, arrivalMs);\n  }',
      },
    ],
  },
  {
    name: 'a tick counts as a measurement',
    rule: 'fold',
    patches: [
      {
        file: FOLD,
        find: '  const silentMs = arrivalMs - state.lastArrivalMs;\n',
        put: '  const silentMs = arrivalMs - state.lastArrivalMs;\n  state.lastArrivalMs = Math.max(state.lastArrivalMs, arrivalMs);\n',
      },
    ],
  },
  {
    name: 'the fold reads the clock',
    rule: 'fold',
    patches: [
      {
        file: FOLD,
        find: 'state.lastArrivalMs = Math.max(state.lastArrivalMs ?? arrivalMs, arrivalMs);',
        put: 'state.lastArrivalMs = Math.max(state.lastArrivalMs ?? arrivalMs, Date.now());',
      },
    ],
  },
  {
    name: 'states of newer code are overwritten',
    rule: 'versions',
    patches: [
      {
        file: CODEC,
        find: "typeof item.v !== 'number' || item.v > STATE_VERSION",
        put: "typeof item.v !== 'number'",
      },
    ],
  },
  {
    name: 'states are cached across invocations',
    rule: 'commit',
    patches: [
      {
        file: CONSUMER,
        find: 'return await ports.state.getMany(groups.map((group) => stateKey(group.key)));',
        put: 'const cache = ((ports as unknown as { cache?: Map<string, Item | undefined> }).cache ??= new Map());\n    const keys = groups.map((group) => stateKey(group.key));\n    const items = await ports.state.getMany(keys);\n    return keys.map(({ pk, sk }, at) => {\n      const name = [pk, sk].join();\n      if (!cache.has(name)) cache.set(name, items[at]);\n      return cache.get(name);\n    });',
      },
    ],
  },
  {
    name: 'the mark does not know its place in an aggregate',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: 'return { sequence: entry.sequence, sub: entry.sub, arrivalMs };',
        put: 'return { sequence: entry.sequence, sub: 0, arrivalMs };',
      },
    ],
  },
  {
    name: 'only the first of an aggregate counts',
    rule: 'commit',
    patches: [
      {
        file: DRAFT,
        find: 'return { sequence: entry.sequence, sub: entry.sub, arrivalMs };',
        put: 'return { sequence: entry.sequence, sub: 1e9, arrivalMs };',
      },
    ],
  },
  {
    name: 'time to live from the last record on',
    rule: 'expiry',
    patches: [
      {
        file: CODEC,
        find: 'newestMs + definition.stateTtlMs + retentionMs + TTL_MARGIN_MS;',
        put: 'newestMs + 0 * (definition.stateTtlMs + retentionMs + TTL_MARGIN_MS);',
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
        find: 'if (item.due === undefined && state.lastArrivalMs !== null) {',
        put: 'if (state.lastArrivalMs !== null) {',
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
        find: '  if (mark !== null) state.marks.set(source, mark);\n',
        put: '  if (mark !== null) state.marks.set(source, mark);\n  makeRoom(context);\n',
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
        file: `${CORE}/fold/room.ts`,
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
        file: `${CORE}/fold/publish.ts`,
        find: '  state.floorMs = Math.max(state.floorMs ?? window.endMs, window.endMs);\n',
        put: '',
      },
    ],
  },
  {
    name: 'the attempts counter is deleted with one try',
    rule: 'attempts',
    // A delete must fail after each of three failures of a record that is alone.
    seeds: { plan: 'throttle-storm', count: 600 },
    patches: [
      {
        file: 'functions/stream-consumer/attempts.ts',
        find: 'const DELETE_TRIES_MAX = 4;',
        put: 'const DELETE_TRIES_MAX = 1;',
      },
    ],
  },
];
