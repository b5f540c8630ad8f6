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
];
