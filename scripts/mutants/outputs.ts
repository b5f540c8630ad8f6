/** What a commit owes: rows, incidents, quarantine, and the count of attempts. */
import type { Mutant } from './mutant';

const COMMIT = 'layers/core/src/commit/commit-group.ts';
const DRAFT = 'layers/core/src/commit/draft.ts';
const ENTRY = 'layers/core/src/quarantine/entry.ts';
const OUTBOX = 'layers/core/src/commit/outbox.ts';
const CONSUMER = 'functions/stream-consumer/stream-consumer.ts';

export const OUTPUTS_MUTANTS: readonly Mutant[] = [
  {
    name: 'outputs before the commit',
    rule: 'outbox',
    patches: [
      {
        file: COMMIT,
        find: '  const result = await options.ports.state.put(',
        put: '  if (state.outbox !== null) await writeOutbox(options.ports, key, state.outbox, options);\n  const result = await options.ports.state.put(',
      },
    ],
  },
  {
    name: 'acknowledged before the outputs are written',
    rule: 'outbox',
    patches: [
      {
        file: COMMIT,
        find: '      await writeOutbox(ports, group.key, draft.state.outbox, options);',
        put: '      await writeOutbox(ports, group.key, draft.state.outbox, options).catch(() => undefined);',
      },
    ],
  },
  {
    name: 'an old outbox is never written again',
    rule: 'outbox',
    patches: [
      {
        file: COMMIT,
        find: 'if (state.outbox !== null && mustWriteAgain(state.outbox, state, group)) {',
        put: 'if (state.outbox !== null && mustWriteAgain(state.outbox, state, group) && Number.isNaN(0)) {',
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
        file: ENTRY,
        find: "await ports.control.put(seriesItem(output, group, keptFor), { kind: 'absent' });",
        put: 'await ports.control.put(seriesItem(output, group, keptFor));',
      },
      {
        file: ENTRY,
        find: "const result = await control.put(item, { kind: 'absent' });",
        put: 'const result = await control.put(item);',
      },
    ],
  },
  {
    name: 'the index before the bytes',
    rule: 'quarantine',
    patches: [
      {
        file: COMMIT,
        find: '      await keep(kept, group, options);\n',
        put: "      for (const output of kept.refused) output.at = 'object';\n      void [keep, options];\n",
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
