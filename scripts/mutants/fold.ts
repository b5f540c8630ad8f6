/** What one record does to a state. */
import type { Mutant } from './mutant';

const FOLD = 'layers/core/src/fold/fold.ts';

export const FOLD_MUTANTS: readonly Mutant[] = [
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
        find: 'if (endMs <= idleWatermark(context, arrivalMs)) closeIdle(context, arrivalMs);',
        put: 'if (endMs <= idleWatermark(context, arrivalMs)) {\n    closeIdle(context, arrivalMs);\n    advanceWatermark(context, arrivalMs);\n  }',
      },
    ],
  },
  {
    name: 'a tick counts from its own arrival',
    rule: 'fold',
    patches: [
      {
        file: FOLD,
        find: 'const arrivalMs = tickMs - TICK_MARGIN_MS;',
        put: 'const arrivalMs = tickMs;',
      },
    ],
    test: 'tests/property/tick.property.test.ts',
  },
  {
    name: 'a fast clock moves the watermark',
    rule: 'fold',
    patches: [
      {
        file: FOLD,
        find: 'Math.min(measurement.eventMs, arrivalMs) - metric.outOfOrdernessMs',
        put: 'measurement.eventMs - metric.outOfOrdernessMs',
      },
    ],
  },
  {
    name: 'silence closes a window that is still running',
    rule: 'fold',
    patches: [
      {
        file: 'layers/core/src/fold/publish.ts',
        find: 'Math.min(newestEndMs, arrivalMs - definition.metric.outOfOrdernessMs)',
        put: 'newestEndMs',
      },
    ],
  },
  {
    name: 'a series is due by its silence alone',
    rule: 'fold',
    patches: [
      {
        file: 'layers/core/src/fold/codec.ts',
        find: 'Math.max(silentMs, overMs) + TICK_MARGIN_MS',
        put: 'silentMs + TICK_MARGIN_MS',
      },
    ],
    test: 'tests/unit/core/fold/codec.test.ts',
  },
  {
    name: 'the due entry stays when an older window opens',
    rule: 'fold',
    patches: [
      {
        file: 'layers/core/src/fold/codec.ts',
        find: 'options.dueMs === null ? tickableMs : Math.min(options.dueMs, tickableMs)',
        put: 'options.dueMs ?? tickableMs',
      },
    ],
    test: 'tests/unit/core/fold/codec.test.ts',
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
    name: 'a second definition lowers the border of the first',
    rule: 'epoch',
    test: 'tests/unit/functions/definition-change.test.ts',
    patches: [
      {
        file: 'layers/core/src/fold/epoch.ts',
        find: 'Math.max(state.floorMs ?? endMs, borderAfter(endMs, definition))',
        put: 'borderAfter(endMs, definition)',
      },
    ],
  },
];
