import { endIncident } from '../incident/incident';
import type { EncodedWindow } from './codec';
import type { Definition } from './definition';
import type { RowOutput, SeriesState } from './state';
import { addBar, windowStart } from './window';

/**
 * Begins a new epoch: the metric's definition has changed. The windows the old definition held open are
 * published as they are (unscored: their detector is gone too), its incident is closed, and from the
 * next window border on the new definition counts. What arrives for before the border is late: a window
 * of two definitions would be neither's. A window that had not begun when the last record arrived moves no
 * border, or a clock that runs ahead would silence the new definition until then: its time alone is barred.
 *
 * The old aggregates are passed on encoded, so that no old code is needed to read them; `def` tells
 * readers which definition can.
 */
export function startEpoch(
  state: SeriesState,
  held: readonly EncodedWindow[],
  change: { readonly def: string; readonly definition: Definition },
): void {
  const { definition, def } = change;
  const oldEpoch = state.epoch;
  const open = held.filter(([, , , rev]) => rev === 0);
  const lastMs = state.lastArrivalMs ?? Number.POSITIVE_INFINITY;
  const begun = held.filter(([startMs]) => startMs <= lastMs);
  const endMs = Math.max(state.watermarkMs ?? -Infinity, ...begun.map(([, end]) => end));
  for (const [fromMs, toMs] of held.slice(begun.length)) {
    state.bars = addBar(state.bars, { fromMs, toMs });
  }
  const by = { def, dn: state.definitionNumber, epoch: oldEpoch };
  const rows = open.map((window) => rowAsIs(window, by));
  const incidents =
    state.incident === null
      ? []
      : [endIncident(state.incident, endMs, 'the definition of the metric changed')];
  state.epoch = oldEpoch + 1;
  // Never lower: rows of the definitions before stand behind it, and a second change may follow soon.
  if (Number.isFinite(endMs)) {
    state.floorMs = Math.max(state.floorMs ?? endMs, borderAfter(endMs, definition));
  }
  state.retired = { rows, incidents };
  state.detector = null;
  state.incident = null;
}

function rowAsIs(window: EncodedWindow, by: Pick<RowOutput, 'def' | 'dn' | 'epoch'>): RowOutput {
  const [startMs, endMs, aggregate, , late] = window;
  const unscored = { score: null, anomaly: false, expected: null, incident: null };
  return { ...by, startMs, endMs, rev: 1, late, aggregate, ...unscored };
}

/** The first start of a new window at or after a time. */
function borderAfter(timeMs: number, { metric }: Definition): number {
  const startMs = windowStart(timeMs, metric);
  return startMs === timeMs ? startMs : startMs + metric.window.sizeMs;
}
